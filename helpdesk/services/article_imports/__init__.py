"""Articles from elsewhere: files are read into entries, entries are compared with what is there, and then written."""
