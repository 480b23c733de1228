import os
import uvicorn
from fastapi import FastAPI, HTTPException, Form, Depends
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from fastapi.security import HTTPBasic
from fastapi.staticfiles import StaticFiles
from pydantic import BaseModel

app = FastAPI()


class Item(BaseModel):
    name: str


@app.get("/api/items")
def items():
    return [{"id": 1}]


@app.post("/api/items", status_code=201)
def add(item: Item):
    return {"id": 7, "name": item.name}


@app.get("/api/items/{number}")
def item(number: int):
    if number != 1:
        raise HTTPException(404, "no such item")
    return {"id": number}


@app.put("/api/items/{number}")
def put(number: int, item: Item):
    return {"id": number, "name": item.name}


@app.delete("/api/items/{number}", status_code=204)
def delete(number: int):
    return Response(status_code=204)


@app.get("/private")
def private(who=Depends(HTTPBasic())):
    return who.username


@app.get("/error")
def error():
    raise RuntimeError("shop is closed")


@app.get("/redirect")
def redirect():
    return RedirectResponse("/api/items")


@app.get("/cookie")
def cookie(response: Response):
    response.set_cookie("lang", "de")
    return "ok"


app.mount("/", StaticFiles(directory=os.environ["WORK"], html=True))
uvicorn.run(app, host="127.0.0.1", port=int(os.environ["PORT"]), log_level="critical")
