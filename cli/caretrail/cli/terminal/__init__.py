"""What people see and type: screens, tables, progress, questions at a prompt, and lines that come in."""
