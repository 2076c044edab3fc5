"""AWS behind the ports: the one home of boto3, botocore and PynamoDB."""
