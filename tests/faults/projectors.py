"""The body of a projector's process."""
