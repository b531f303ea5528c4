"""What the system tests share: places with faults (mounts) and the lines they report (report)."""
