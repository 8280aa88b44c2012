"""When somebody says that a change was wrong: revert, freeze, disown, suppress."""
