import sys

from workbench.data.ingest.child import serve

if __name__ == "__main__":
    serve(sys.stdin.read())
