"""The openai package from PyPI, unchanged, against the gateway. A line for each check: `ok` or `FAIL`, a tab, the endpoint and the feature."""
import asyncio
import os
import sys
import traceback

import openai
from openai import AsyncOpenAI, OpenAI
from pydantic import BaseModel

WEATHER = "今天天气晴朗，适合散步。"
ASK = [{"role": "user", "content": "今天天气怎么样？"}]
PARAMETERS = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
TOOL = {"type": "function", "function": {"name": "get_weather", "description": "天气", "parameters": PARAMETERS}}
ITEM_TOOL = {"type": "function", "name": "get_weather", "description": "天气", "parameters": PARAMETERS, "strict": False}
PIXEL = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
IMAGE = [{"role": "user", "content": [{"type": "text", "text": "图上是什么？"}, {"type": "image_url", "image_url": {"url": PIXEL}}]}]
CITIES = ['{"city": "北京"}', '{"city": "上海"}']


def client(name, **more):
    """`demo`: guiju serve --demo. `peer`: a service of others, images pass. `named`: one model only. `tight`: small limits. `locked`: keys are asked for."""
    return OpenAI(base_url=os.environ["GUIJU_" + name.upper()], api_key="none", max_retries=0, **{"timeout": 20, **more})


demo, peer, named, tight, locked = (client(name) for name in ("demo", "peer", "named", "tight", "locked"))
ROWS = []


def row(endpoint, feature):
    return lambda check: ROWS.append((endpoint, feature, check)) or check


def raises(kind, status, code, act):
    try:
        act()
    except openai.APIStatusError as error:
        assert type(error) is kind, f"{type(error).__name__} in place of {kind.__name__}"
        assert (error.status_code, error.code) == (status, code), (error.status_code, error.code)
        assert error.message and error.body and error.body["type"], error.body
        return error
    raise AssertionError("nothing was raised")


def say(at, messages=ASK, model="peer", **more):
    return at.chat.completions.create(model=model, messages=messages, **more)


def gathered(stream):
    """Texts, reasons and usage of a stream of the chat."""
    texts, reasons, usage = {}, {}, None
    for chunk in stream:
        usage = chunk.usage or usage
        for choice in chunk.choices:
            texts[choice.index] = texts.get(choice.index, "") + (choice.delta.content or "")
            reasons[choice.index] = choice.finish_reason or reasons.get(choice.index)
    return texts, reasons, usage


@row("chat", "whole")
def _():
    answer = say(peer)
    assert answer.choices[0].message.content.startswith(WEATHER), answer
    assert answer.choices[0].finish_reason == "stop" and answer.usage.total_tokens == 10 and answer.id == "chatcmpl-peer"


@row("chat", "stream")
def _():
    texts, reasons, usage = gathered(say(peer, stream=True))
    assert texts[0].startswith(WEATHER) and reasons == {0: "stop"} and usage is None, (texts, reasons, usage)


@row("chat", "stream with usage")
def _():
    texts, _, usage = gathered(say(peer, stream=True, stream_options={"include_usage": True}))
    assert texts[0].startswith(WEATHER) and usage.total_tokens == 10, (texts, usage)


@row("chat", "stream, the SDK's own gathering")
def _():
    with peer.chat.completions.stream(model="peer", messages=ASK) as stream:
        kinds = {event.type for event in stream}
        assert stream.get_final_completion().choices[0].message.content.startswith(WEATHER)
    assert {"content.delta", "content.done"} <= kinds, kinds


@row("chat", "stream, asynchronous")
def _():
    async def all_of_it():
        at = AsyncOpenAI(base_url=os.environ["GUIJU_PEER"], api_key="none")
        stream = await at.chat.completions.create(model="peer", messages=ASK, stream=True)
        return "".join([chunk.choices[0].delta.content or "" async for chunk in stream if chunk.choices])

    assert asyncio.run(all_of_it()).startswith(WEATHER)


@row("chat", "tools, whole")
def _():
    choice = say(peer, tools=[TOOL]).choices[0]
    assert [call.function.arguments for call in choice.message.tool_calls] == CITIES and choice.finish_reason == "tool_calls", choice


@row("chat", "tools, stream")
def _():
    calls, reason = {}, None
    for chunk in say(peer, tools=[TOOL], stream=True):
        for choice in chunk.choices:
            reason = choice.finish_reason or reason
            for call in choice.delta.tool_calls or []:
                one = calls.setdefault(call.index, {"id": call.id, "name": call.function.name, "arguments": ""})
                one["arguments"] += call.function.arguments or ""
    assert [call["arguments"] for call in calls.values()] == CITIES and reason == "tool_calls", (calls, reason)
    assert [(call["id"], call["name"]) for call in calls.values()] == [("call_a", "get_weather"), ("call_b", "get_weather")], calls


@row("chat", "tool results")
def _():
    asked = say(peer, tools=[TOOL]).choices[0].message
    results = [{"role": "tool", "tool_call_id": call.id, "content": '{"degrees": 21}'} for call in asked.tool_calls]
    assert say(peer, messages=[*ASK, asked, *results], tools=[TOOL]).choices[0].message.content.startswith(WEATHER)


@row("chat", "n = 2, whole")
def _():
    answer = say(peer, n=2)
    assert [choice.index for choice in answer.choices] == [0, 1] and all(c.message.content.startswith(WEATHER) for c in answer.choices)


@row("chat", "n = 2, stream")
def _():
    texts, reasons, _ = gathered(say(peer, n=2, stream=True))
    assert texts[0].startswith(WEATHER) and texts[1].startswith(WEATHER) and reasons == {0: "stop", 1: "stop"}, (texts, reasons)


class Weather(BaseModel):
    city: str
    degrees: int


@row("chat", "JSON mode")
def _():
    answer = say(peer, response_format={"type": "json_object"})
    assert Weather.model_validate_json(answer.choices[0].message.content).degrees == 21


@row("chat", "structured output")
def _():
    answer = peer.chat.completions.parse(model="peer", messages=ASK, response_format=Weather)
    assert answer.choices[0].message.parsed == Weather(city="北京", degrees=21)


@row("chat", "JSON mode, stream")
def _():
    texts, _, _ = gathered(say(peer, response_format={"type": "json_object"}, stream=True))
    assert Weather.model_validate_json(texts[0]).degrees == 21, texts


@row("chat", "log probabilities, whole")
def _():
    tokens = say(peer, logprobs=True).choices[0].logprobs.content
    assert "".join(token.token for token in tokens) == WEATHER


@row("chat", "log probabilities of what is masked are not told")
def _():
    answer = say(peer, model="peer-phone", logprobs=True)
    assert "2345" not in answer.model_dump_json(), answer


@row("chat", "log probabilities, stream")
def _():
    # The gate joins and cuts pieces anew; where a piece is as it came, its probabilities are too.
    seen = [choice.logprobs for chunk in say(peer, logprobs=True, stream=True) for choice in chunk.choices]
    assert all(WEATHER.find(token.token) >= 0 for probs in seen if probs for token in probs.content or []), seen


@row("chat", "reasoning_content, whole")
def _():
    assert say(peer, model="peer-thinks").choices[0].message.reasoning_content == "先想一想。"


@row("chat", "reasoning_content, stream")
def _():
    chunks = [choice.delta for chunk in say(peer, model="peer-thinks", stream=True) for choice in chunk.choices]
    assert "".join(getattr(delta, "reasoning_content", None) or "" for delta in chunks) == "先想一想。", chunks


@row("chat", "an image, under a policy that passes it")
def _():
    assert say(peer, messages=IMAGE).choices[0].message.content.startswith("图上有一只猫。")


@row("chat", "an image, under a policy that refuses it")
def _():
    choice = say(demo, messages=IMAGE, model="guiju-demo").choices[0]
    assert choice.finish_reason == "content_filter" and choice.message.content, choice


@row("chat", "a telephone number is masked, whole")
def _():
    text = say(peer, model="peer-phone").choices[0].message.content
    assert text.startswith("请打") and "13812345678" not in text and "2345" not in text, text


@row("chat", "a telephone number is masked, stream")
def _():
    texts, reasons, _ = gathered(say(peer, model="peer-phone", stream=True))
    assert texts[0].startswith("请打") and "2345" not in texts[0] and reasons == {0: "stop"}, (texts, reasons)


@row("chat", "a refused answer, whole")
def _():
    choice = say(demo, messages=[{"role": "user", "content": "说坏话"}], model="guiju-demo").choices[0]
    assert choice.finish_reason == "content_filter" and choice.message.content, choice


@row("chat", "a refused answer, stream")
def _():
    texts, reasons, usage = gathered(say(demo, messages=[{"role": "user", "content": "说坏话"}], model="guiju-demo", stream=True,
                                         stream_options={"include_usage": True}))
    assert texts[0] and reasons == {0: "content_filter"} and usage is not None, (texts, reasons, usage)


@row("chat", "a refused answer, the SDK's own exception")
def _():
    try:
        demo.chat.completions.parse(model="guiju-demo", messages=[{"role": "user", "content": "说坏话"}], response_format=Weather)
    except openai.ContentFilterFinishReasonError:
        return
    raise AssertionError("nothing was raised")


@row("chat", "the ledger entry in the header")
def _():
    raw = peer.chat.completions.with_raw_response.create(model="peer", messages=ASK)
    assert raw.headers["x-guiju-request"] and raw.headers["x-guiju-decision"] == "pass" and raw.parse()._request_id == "req_peer"


@row("completions", "whole")
def _():
    answer = peer.completions.create(model="peer", prompt="天气")
    assert answer.choices[0].text.startswith(WEATHER) and answer.usage.total_tokens == 10


@row("completions", "stream")
def _():
    chunks = [choice for chunk in peer.completions.create(model="peer", prompt="天气", stream=True) for choice in chunk.choices]
    assert "".join(choice.text for choice in chunks).startswith(WEATHER) and chunks[-1].finish_reason == "stop", chunks


@row("completions", "several prompts")
def _():
    assert len(peer.completions.create(model="peer", prompt=["天气", "新闻"]).choices) == 2


@row("responses", "whole")
def _():
    answer = peer.responses.create(model="peer", input="天气", instructions="简短")
    assert answer.output_text.startswith(WEATHER) and answer.status == "completed" and answer.usage.total_tokens == 10


@row("responses", "stream")
def _():
    events = list(peer.responses.create(model="peer", input="天气", stream=True))
    said = "".join(event.delta for event in events if event.type == "response.output_text.delta")
    assert said.startswith(WEATHER) and events[-1].type == "response.completed" and events[-1].response.output_text.startswith(WEATHER), events
    numbers = [event.sequence_number for event in events]
    assert numbers == sorted(set(numbers)), numbers


@row("responses", "stream, the SDK's own gathering")
def _():
    with peer.responses.stream(model="peer", input="天气") as stream:
        for _ in stream:
            pass
        assert stream.get_final_response().output_text.startswith(WEATHER)


@row("responses", "tools, whole")
def _():
    calls = peer.responses.create(model="peer", input=ASK, tools=[ITEM_TOOL]).output
    assert [call.arguments for call in calls] == CITIES, calls


@row("responses", "tools, stream")
def _():
    events = list(peer.responses.create(model="peer", input=ASK, tools=[ITEM_TOOL], stream=True))
    done = [event.arguments for event in events if event.type == "response.function_call_arguments.done"]
    deltas = {}
    for event in events:
        if event.type == "response.function_call_arguments.delta":
            deltas[event.output_index] = deltas.get(event.output_index, "") + event.delta
    assert done == CITIES and list(deltas.values()) == CITIES and [item.arguments for item in events[-1].response.output] == CITIES, events


@row("responses", "tool results")
def _():
    calls = peer.responses.create(model="peer", input=ASK, tools=[ITEM_TOOL]).output
    results = [{"type": "function_call_output", "call_id": call.call_id, "output": "21"} for call in calls]
    assert peer.responses.create(model="peer", input=[*ASK, *calls, *results], tools=[ITEM_TOOL]).output_text.startswith(WEATHER)


@row("responses", "a refused answer, whole")
def _():
    answer = demo.responses.create(model="guiju-demo", input="说坏话")
    assert answer.status == "incomplete" and answer.incomplete_details.reason == "content_filter" and answer.output_text, answer


@row("responses", "a refused answer, stream")
def _():
    events = list(demo.responses.create(model="guiju-demo", input="说坏话", stream=True))
    last = events[-1]
    assert last.type == "response.incomplete" and last.response.incomplete_details.reason == "content_filter", last
    assert last.response.output_text, last


@row("embeddings", "floats")
def _():
    assert peer.embeddings.create(model="peer", input="天气", encoding_format="float").data[0].embedding == [0.25, -0.5, 1.0]


@row("embeddings", "base64, the SDK's default")
def _():
    data = peer.embeddings.create(model="peer", input=["天气", "新闻"]).data
    assert [list(one.embedding) for one in data] == [[0.25, -0.5, 1.0]] * 2, data


@row("models", "list")
def _():
    assert "peer" in [model.id for model in peer.models.list()] and "guiju-demo" in [model.id for model in demo.models.list()]


@row("models", "retrieve")
def _():
    assert peer.models.retrieve("peer").owned_by == "peer"
    raises(openai.NotFoundError, 404, "model_not_found", lambda: peer.models.retrieve("nobody"))


@row("moderations", "one text, several texts")
def _():
    # What the sample service would say is not known here; a telephone number is no category, a harmless text is not flagged.
    assert demo.moderations.create(input="今天天气很好").results[0].flagged is False
    assert len(demo.moderations.create(input=["今天天气很好", "你好"]).results) == 2


@row("moderations", "a text that is flagged")
def _():
    result = demo.moderations.create(input="色情视频免费看").results[0]
    assert result.flagged and any(result.categories.model_dump().values()), result


@row("errors", "400 BadRequestError")
def _():
    raises(openai.BadRequestError, 400, "invalid_shape", lambda: peer.chat.completions.create(model="peer", messages="text"))


@row("errors", "401 AuthenticationError")
def _():
    raises(openai.AuthenticationError, 401, "invalid_api_key", lambda: say(locked))
    raises(openai.AuthenticationError, 401, "invalid_api_key", lambda: locked.models.list())


@row("errors", "404 NotFoundError")
def _():
    raises(openai.NotFoundError, 404, "model_not_found", lambda: say(named, model="nobody"))
    raises(openai.NotFoundError, 404, "no_such_route", lambda: peer.files.list())


@row("errors", "413 APIStatusError")
def _():
    raises(openai.APIStatusError, 413, "body_too_long", lambda: say(tight, messages=[{"role": "user", "content": "长" * 4000}]))


@row("errors", "429 RateLimitError, with the time to come again")
def _():
    error = None
    for _ in range(20):
        try:
            say(tight)
        except openai.RateLimitError as limited:
            error = limited
            break
    assert error and error.code == "rate_limited" and int(error.response.headers["retry-after"]) >= 1, error


@row("errors", "429 of the model service, Retry-After kept")
def _():
    error = raises(openai.RateLimitError, 429, "upstream_rate_limited", lambda: say(peer, model="peer-429"))
    assert error.response.headers["retry-after"] == "7"


@row("errors", "500 InternalServerError of the model service")
def _():
    raises(openai.InternalServerError, 500, "upstream_error", lambda: say(peer, model="peer-500"))


@row("errors", "504 InternalServerError: the model service is silent")
def _():
    raises(openai.InternalServerError, 504, "upstream_timeout", lambda: say(peer, model="peer-slow"))


@row("errors", "APITimeoutError: the client does not wait")
def _():
    try:
        say(client("peer", timeout=0.5), model="peer-slow")
    except openai.APITimeoutError:
        assert say(peer).choices[0].finish_reason == "stop"
        return
    raise AssertionError("nothing was raised")


@row("errors", "the SDK comes again by itself after 429")
def _():
    again = OpenAI(base_url=os.environ["GUIJU_PEER"], api_key="none", max_retries=2)
    assert say(again, model="peer-flaky", user="python").choices[0].finish_reason == "stop"


failed = 0
for endpoint, feature, check in ROWS:
    try:
        check()
        print(f"ok\t{endpoint} | {feature}", flush=True)
    except Exception:  # noqa: BLE001: whatever a check raises is its failure
        failed += 1
        print(f"FAIL\t{endpoint} | {feature}", flush=True)
        traceback.print_exc()
sys.exit(1 if failed else 0)
