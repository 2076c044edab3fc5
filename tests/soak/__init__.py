"""The long forms of what is shown: for as long as they are given."""
