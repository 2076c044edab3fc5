"""The Lambda of the Scavenger."""

from sosw.essential import scavenger_handler

lambda_handler = scavenger_handler()
