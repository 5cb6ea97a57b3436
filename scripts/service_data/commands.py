"""Commands of the AWS CLI that no table of version 1 lists.

Version 2 has commands of its own. They are no API operations, and a script may use them.
"""

VERSION_2 = {
    "configure": ["export-credentials", "import", "list-profiles", "mfa-login", "sso", "sso-session"],
    "ddb": ["put", "select"],
    "dsql": ["generate-db-connect-admin-auth-token", "generate-db-connect-auth-token"],
    "dynamodb": ["wizard"],
    "ec2-instance-connect": ["open-tunnel", "ssh"],
    "ecs": ["monitor-express-gateway-service"],
    "events": ["wizard"],
    "iam": ["wizard"],
    "lambda": ["wizard"],
    "login": [],
    "logout": [],
    "logs": ["tail"],
    "sso": ["login", "logout"],
}
