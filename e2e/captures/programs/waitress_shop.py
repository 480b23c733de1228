import os
from waitress import serve
from flask_shop import app

serve(app, host="127.0.0.1", port=int(os.environ["PORT"]), _quiet=True)
