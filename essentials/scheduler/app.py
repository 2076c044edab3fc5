"""The Lambda of the Scheduler."""

from sosw.essential import scheduler_handler

lambda_handler = scheduler_handler()
