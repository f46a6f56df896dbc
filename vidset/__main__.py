from vidset.main import run

run()
