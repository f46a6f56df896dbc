from vidset.cli.starting import run

# Guarded: worker processes import this module again.
if __name__ == "__main__":
    run()
