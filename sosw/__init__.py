"""A serverless task queue that runs your AWS Lambda functions as fast as what they depend on can bear."""
