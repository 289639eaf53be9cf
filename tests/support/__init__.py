"""What tests of several rooms share: stores and servers to test on, the demo in memory, pages to run."""
