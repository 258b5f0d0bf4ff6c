from tests.data.servers import postgres, postgres_password, s3  # noqa: F401 - fixtures
