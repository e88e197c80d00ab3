"""What stands beside demo_app to try it and test it: a stand-in for the model, and a cluster on this machine.

None of it belongs into an application made from demo_app.
"""
