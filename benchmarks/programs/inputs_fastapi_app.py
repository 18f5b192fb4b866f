"""The program of `inputs_app.py` for FastAPI."""

from typing import Annotated

from fastapi import FastAPI
from fastapi import Form as FastForm
from pydantic import BaseModel, Field

app = FastAPI()


class Order(BaseModel):
    name: str = Field(min_length=1, max_length=50)
    count: int = Field(1, ge=1, le=100)
    is_gift: bool = False


@app.post("/json/typed")
async def typed_json(order: Order):
    return {"name": order.name, "count": order.count}


@app.post("/form/typed")
async def typed_form(order: Annotated[Order, FastForm()]):
    return {"name": order.name, "count": order.count}
