import os

from idp import keys

bind = f"127.0.0.1:{os.environ['PORT']}"
threads = 4
accesslog = "access.log"
control_socket_disable = True  # it would lie in the home directory


def on_reload(server):  # SIGHUP: the workers that start next read the keys anew
    keys.add()
