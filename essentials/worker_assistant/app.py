"""The Lambda of the WorkerAssistant."""

from sosw.essential import worker_assistant_handler

lambda_handler = worker_assistant_handler()
