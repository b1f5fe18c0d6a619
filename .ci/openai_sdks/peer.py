"""A model service for .ci/openai-sdks: says the same on every run, in the words of the OpenAI API. What it does follows from the model's name and from what
the request asks for. It is no model and judges nothing; a request it does not understand is answered 400."""
import base64
import json
import struct
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

WORDS = ["今天", "天气", "晴朗", "，", "适合", "散步", "。"]
PHONE = ["请", "打", "1381", "2345", "678", "。"]
THOUGHT = ["先", "想一想", "。"]
MODELS = ["peer", "peer-thinks", "peer-phone", "peer-429", "peer-500", "peer-slow", "peer-flaky"]
USAGE = {"prompt_tokens": 3, "completion_tokens": 7, "total_tokens": 10}
RESPONSE_USAGE = {"input_tokens": 3, "input_tokens_details": {"cached_tokens": 0}, "output_tokens": 7,
                  "output_tokens_details": {"reasoning_tokens": 0}, "total_tokens": 10}
CALLS = [("call_a", "get_weather", '{"city": "北京"}'), ("call_b", "get_weather", '{"city": "上海"}')]
# How often each flaky user has been here: the first time it is told to come again.
SEEN = {}


def logprobs(words):
    row = lambda word: {"token": word, "logprob": -0.1, "bytes": list(word.encode()), "top_logprobs": []}
    return {"content": [row(word) for word in words], "refusal": None}


def content(body):
    """What is said: a list of tokens."""
    parts = [part for message in body.get("messages", []) if isinstance(message.get("content"), list) for part in message["content"]]
    if any(part.get("type") == "image_url" for part in parts):
        return ["图上", "有", "一只", "猫", "。"]
    if (body.get("response_format") or {}).get("type") in ("json_object", "json_schema"):
        return ['{"city": ', '"北京", ', '"degrees": 21}']
    return PHONE if body["model"] == "peer-phone" else WORDS


def wants_tools(body):
    last = (body.get("messages") or body.get("input") or [{}])[-1]
    answered = isinstance(last, dict) and (last.get("role") == "tool" or last.get("type") == "function_call_output")
    return bool(body.get("tools")) and not answered


def chat(body):
    choices = []
    for index in range(body.get("n") or 1):
        message = {"role": "assistant", "content": "".join(content(body)), "refusal": None}
        choice = {"index": index, "message": message, "finish_reason": "stop", "logprobs": None}
        if wants_tools(body):
            message["content"] = None
            message["tool_calls"] = [{"id": at, "type": "function", "function": {"name": name, "arguments": args}} for at, name, args in CALLS]
            choice["finish_reason"] = "tool_calls"
        if body["model"] == "peer-thinks":
            message["reasoning_content"] = "".join(THOUGHT)
        if body.get("logprobs"):
            choice["logprobs"] = logprobs(content(body))
        choices.append(choice)
    return {"id": "chatcmpl-peer", "object": "chat.completion", "created": 1, "model": body["model"], "choices": choices, "usage": USAGE}


def chat_chunks(body):
    base = {"id": "chatcmpl-peer", "object": "chat.completion.chunk", "created": 1, "model": body["model"]}
    count = body.get("n") or 1

    def chunk(index, delta, finish=None, probs=None):
        return {**base, "choices": [{"index": index, "delta": delta, "finish_reason": finish, "logprobs": probs}]}

    for index in range(count):
        yield chunk(index, {"role": "assistant", "content": ""})
    if wants_tools(body):
        for at, (call, name, args) in enumerate(CALLS):
            yield chunk(0, {"tool_calls": [{"index": at, "id": call, "type": "function", "function": {"name": name, "arguments": ""}}]})
            for start in range(0, len(args), 4):
                yield chunk(0, {"tool_calls": [{"index": at, "function": {"arguments": args[start:start + 4]}}]})
        yield chunk(0, {}, "tool_calls")
    else:
        for word in THOUGHT if body["model"] == "peer-thinks" else []:
            yield chunk(0, {"reasoning_content": word})
        for word in content(body):
            for index in range(count):
                yield chunk(index, {"content": word}, None, logprobs([word]) if body.get("logprobs") else None)
        for index in range(count):
            yield chunk(index, {}, "stop")
    if (body.get("stream_options") or {}).get("include_usage"):
        yield {**base, "choices": [], "usage": USAGE}


def completion(body):
    prompts = body["prompt"] if isinstance(body["prompt"], list) else [body["prompt"]]
    choices = [{"index": index, "text": "".join(WORDS), "finish_reason": "stop", "logprobs": None} for index in range(len(prompts))]
    return {"id": "cmpl-peer", "object": "text_completion", "created": 1, "model": body["model"], "choices": choices, "usage": USAGE}


def completion_chunks(body):
    for word, finish in [(word, None) for word in WORDS] + [("", "stop")]:
        choice = {"index": 0, "text": word, "finish_reason": finish, "logprobs": None}
        yield {"id": "cmpl-peer", "object": "text_completion", "created": 1, "model": body["model"], "choices": [choice]}


def items(body):
    if wants_tools(body):
        return [{"type": "function_call", "id": "fc_" + call, "call_id": call, "name": name, "arguments": args, "status": "completed"}
                for call, name, args in CALLS]
    text = {"type": "output_text", "text": "".join(content(body)), "annotations": []}
    return [{"type": "message", "id": "msg_peer", "role": "assistant", "status": "completed", "content": [text]}]


def response(body, output, status="completed"):
    return {"id": "resp_peer", "object": "response", "created_at": 1, "status": status, "model": body["model"], "output": output, "error": None,
            "incomplete_details": None, "instructions": body.get("instructions"), "metadata": {}, "parallel_tool_calls": True, "temperature": 1.0,
            "tool_choice": "auto", "tools": body.get("tools") or [], "top_p": 1.0, "usage": RESPONSE_USAGE if status == "completed" else None}


def response_events(body):
    yield {"type": "response.created", "response": response(body, [], "in_progress")}
    for at, item in enumerate(items(body)):
        place = {"output_index": at, "item_id": item["id"]}
        if item["type"] == "function_call":
            yield {"type": "response.output_item.added", "output_index": at, "item": {**item, "arguments": "", "status": "in_progress"}}
            for start in range(0, len(item["arguments"]), 4):
                yield {"type": "response.function_call_arguments.delta", **place, "delta": item["arguments"][start:start + 4]}
            yield {"type": "response.function_call_arguments.done", **place, "name": item["name"], "arguments": item["arguments"]}
        else:
            part, place = item["content"][0], {**place, "content_index": 0}
            yield {"type": "response.output_item.added", "output_index": at, "item": {**item, "content": [], "status": "in_progress"}}
            yield {"type": "response.content_part.added", **place, "part": {**part, "text": ""}}
            for word in content(body):
                yield {"type": "response.output_text.delta", **place, "delta": word, "logprobs": []}
            yield {"type": "response.output_text.done", **place, "text": part["text"], "logprobs": []}
            yield {"type": "response.content_part.done", **place, "part": part}
        yield {"type": "response.output_item.done", "output_index": at, "item": item}
    yield {"type": "response.completed", "response": response(body, items(body))}


def embeddings(body):
    texts = body["input"] if isinstance(body["input"], list) else [body["input"]]
    floats = [0.25, -0.5, 1.0]
    packed = base64.b64encode(struct.pack("<3f", *floats)).decode()
    vector = packed if body.get("encoding_format") == "base64" else floats
    data = [{"object": "embedding", "index": index, "embedding": vector} for index in range(len(texts))]
    return {"object": "list", "data": data, "model": body["model"], "usage": {"prompt_tokens": 3, "total_tokens": 3}}


ROUTES = {"/v1/chat/completions": (chat, chat_chunks), "/v1/completions": (completion, completion_chunks),
          "/v1/responses": (lambda body: response(body, items(body)), response_events), "/v1/embeddings": (embeddings, None)}


class Peer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def reply(self, status, value, **headers):
        data = json.dumps(value, ensure_ascii=False).encode()
        self.send_response(status)
        for name, text in {"content-type": "application/json", "content-length": str(len(data)), "x-request-id": "req_peer", **headers}.items():
            self.send_header(name.replace("_", "-"), text)
        self.end_headers()
        self.wfile.write(data)

    def no(self, status, message, **headers):
        self.reply(status, {"error": {"message": message, "type": "peer", "param": None, "code": None}}, **headers)

    def events(self, values, named):
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("connection", "close")
        self.end_headers()
        self.close_connection = True
        for number, value in enumerate(values):
            if named:
                value["sequence_number"] = number
                self.wfile.write(f"event: {value['type']}\n".encode())
            self.wfile.write(f"data: {json.dumps(value, ensure_ascii=False)}\n\n".encode())
            self.wfile.flush()
        if not named:
            self.wfile.write(b"data: [DONE]\n\n")

    def do_GET(self):
        rows = [{"id": name, "object": "model", "created": 1, "owned_by": "peer"} for name in MODELS]
        self.reply(200, {"object": "list", "data": rows}) if self.path == "/v1/models" else self.no(404, "nothing here")

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        whole, pieces = ROUTES[self.path]
        model = body["model"]
        if model == "peer-429":
            return self.no(429, "too many", retry_after="7")
        if model == "peer-500":
            return self.no(500, "broken")
        if model == "peer-flaky":
            user = body.get("user", "")
            SEEN[user] = SEEN.get(user, 0) + 1
            if SEEN[user] == 1:
                return self.no(429, "too many", retry_after="1")
        if model == "peer-slow":
            time.sleep(4)
        try:
            self.events(pieces(body), self.path == "/v1/responses") if body.get("stream") else self.reply(200, whole(body))
        except (BrokenPipeError, ConnectionResetError):
            pass


ThreadingHTTPServer.request_queue_size = 64
ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Peer).serve_forever()
