// The openai package from npm, unchanged, against the gateway. A line for each check: `ok` or `FAIL`, a tab, the endpoint and the feature, as in check.py.
import assert from 'node:assert/strict';
import OpenAI from 'openai';
import { ContentFilterFinishReasonError } from 'openai/core/error';

const WEATHER = '今天天气晴朗，适合散步。';
const ASK = [{ role: 'user', content: '今天天气怎么样？' }];
const BAD = [{ role: 'user', content: '说坏话' }];
const PARAMETERS = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] };
const TOOL = { type: 'function', function: { name: 'get_weather', description: '天气', parameters: PARAMETERS } };
const ITEM_TOOL = { type: 'function', name: 'get_weather', description: '天气', parameters: PARAMETERS, strict: false };
const PIXEL = 'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
const IMAGE = [{ role: 'user', content: [{ type: 'text', text: '图上是什么？' }, { type: 'image_url', image_url: { url: PIXEL } }] }];
const CITIES = ['{"city": "北京"}', '{"city": "上海"}'];

const client = (name, more = {}) =>
  new OpenAI({ baseURL: process.env[`GUIJU_${name.toUpperCase()}`], apiKey: 'none', maxRetries: 0, timeout: 20_000, ...more });
const [demo, peer, named, tight, locked] = ['demo', 'peer', 'named', 'tight', 'locked'].map((name) => client(name));
const rows = [];
const row = (endpoint, feature, check) => rows.push([endpoint, feature, check]);
const begins = (text) => assert.ok(text.startsWith(WEATHER), text);

const say = (at, more = {}) => at.chat.completions.create({ model: 'peer', messages: ASK, ...more });

async function raises(kind, status, code, act) {
  try {
    await act();
  } catch (error) {
    assert.equal(error.constructor.name, kind.name);
    assert.deepEqual([error.status, error.code], [status, code]);
    assert.ok(error.message && error.type, error);
    return error;
  }
  throw new Error('nothing was raised');
}

// Texts, reasons and usage of a stream of the chat.
async function gathered(stream) {
  const [texts, reasons] = [{}, {}];
  let usage = null;
  for await (const chunk of stream) {
    usage = chunk.usage ?? usage;
    for (const { index, delta, finish_reason } of chunk.choices) {
      texts[index] = (texts[index] ?? '') + (delta.content ?? '');
      reasons[index] = finish_reason ?? reasons[index];
    }
  }
  return { texts, reasons, usage };
}

async function all(stream) {
  const events = [];
  for await (const event of await stream) events.push(event);
  return events;
}

row('chat', 'whole', async () => {
  const answer = await say(peer);
  begins(answer.choices[0].message.content);
  assert.deepEqual([answer.choices[0].finish_reason, answer.usage.total_tokens, answer.id], ['stop', 10, 'chatcmpl-peer']);
});
row('chat', 'stream', async () => {
  const { texts, reasons, usage } = await gathered(await say(peer, { stream: true }));
  begins(texts[0]);
  assert.deepEqual([reasons, usage], [{ 0: 'stop' }, null]);
});
row('chat', 'stream with usage', async () => {
  const { texts, usage } = await gathered(await say(peer, { stream: true, stream_options: { include_usage: true } }));
  begins(texts[0]);
  assert.equal(usage.total_tokens, 10);
});
row('chat', "stream, the SDK's own gathering", async () => {
  const answer = await peer.chat.completions.stream({ model: 'peer', messages: ASK }).finalChatCompletion();
  begins(answer.choices[0].message.content);
});
row('chat', 'tools, whole', async () => {
  const [choice] = (await say(peer, { tools: [TOOL] })).choices;
  assert.deepEqual(choice.message.tool_calls.map((call) => call.function.arguments), CITIES);
  assert.equal(choice.finish_reason, 'tool_calls');
});
row('chat', 'tools, stream', async () => {
  const [calls, reasons] = [[], []];
  for await (const chunk of await say(peer, { tools: [TOOL], stream: true })) {
    for (const { delta, finish_reason } of chunk.choices) {
      if (finish_reason) reasons.push(finish_reason);
      for (const call of delta.tool_calls ?? []) {
        calls[call.index] ??= { id: call.id, name: call.function.name, arguments: '' };
        calls[call.index].arguments += call.function.arguments ?? '';
      }
    }
  }
  assert.deepEqual(calls.map((call) => call.arguments), CITIES);
  assert.deepEqual(calls.map((call) => [call.id, call.name]), [['call_a', 'get_weather'], ['call_b', 'get_weather']]);
  assert.deepEqual(reasons, ['tool_calls']);
});
row('chat', 'tool results', async () => {
  const asked = (await say(peer, { tools: [TOOL] })).choices[0].message;
  const results = asked.tool_calls.map((call) => ({ role: 'tool', tool_call_id: call.id, content: '{"degrees": 21}' }));
  begins((await say(peer, { messages: [...ASK, asked, ...results], tools: [TOOL] })).choices[0].message.content);
});
row('chat', 'n = 2, whole', async () => {
  const { choices } = await say(peer, { n: 2 });
  assert.deepEqual(choices.map((choice) => choice.index), [0, 1]);
  choices.forEach((choice) => begins(choice.message.content));
});
row('chat', 'n = 2, stream', async () => {
  const { texts, reasons } = await gathered(await say(peer, { n: 2, stream: true }));
  [texts[0], texts[1]].forEach(begins);
  assert.deepEqual(reasons, { 0: 'stop', 1: 'stop' });
});
row('chat', 'JSON mode', async () => {
  const answer = await say(peer, { response_format: { type: 'json_object' } });
  assert.equal(JSON.parse(answer.choices[0].message.content).degrees, 21);
});
row('chat', 'structured output', async () => {
  const schema = { type: 'object', properties: { city: { type: 'string' }, degrees: { type: 'integer' } }, required: ['city', 'degrees'] };
  const response_format = { type: 'json_schema', json_schema: { name: 'weather', schema } };
  const answer = await peer.chat.completions.parse({ model: 'peer', messages: ASK, response_format });
  assert.deepEqual(JSON.parse(answer.choices[0].message.content), { city: '北京', degrees: 21 });
});
row('chat', 'JSON mode, stream', async () => {
  const { texts } = await gathered(await say(peer, { response_format: { type: 'json_object' }, stream: true }));
  assert.equal(JSON.parse(texts[0]).degrees, 21);
});
row('chat', 'log probabilities, whole', async () => {
  const answer = await say(peer, { logprobs: true });
  assert.equal(answer.choices[0].logprobs.content.map((token) => token.token).join(''), WEATHER);
});
row('chat', 'log probabilities of what is masked are not told', async () => {
  const text = JSON.stringify(await say(peer, { model: 'peer-phone', logprobs: true }));
  assert.ok(!text.includes('2345'), text);
});
row('chat', 'log probabilities, stream', async () => {
  const chunks = await all(say(peer, { logprobs: true, stream: true }));
  const tokens = chunks.flatMap((chunk) => chunk.choices.flatMap((choice) => choice.logprobs?.content ?? []));
  tokens.forEach((token) => assert.ok(WEATHER.includes(token.token), token.token));
});
row('chat', 'reasoning_content, whole', async () => {
  assert.equal((await say(peer, { model: 'peer-thinks' })).choices[0].message.reasoning_content, '先想一想。');
});
row('chat', 'reasoning_content, stream', async () => {
  const chunks = await all(say(peer, { model: 'peer-thinks', stream: true }));
  const thought = chunks.flatMap((chunk) => chunk.choices.map((choice) => choice.delta.reasoning_content ?? ''));
  assert.equal(thought.join(''), '先想一想。');
});
row('chat', 'an image, under a policy that passes it', async () => {
  assert.ok((await say(peer, { messages: IMAGE })).choices[0].message.content.startsWith('图上有一只猫。'));
});
row('chat', 'an image, under a policy that refuses it', async () => {
  assert.equal((await say(demo, { messages: IMAGE, model: 'guiju-demo' })).choices[0].finish_reason, 'content_filter');
});
row('chat', 'a telephone number is masked, whole', async () => {
  const text = (await say(peer, { model: 'peer-phone' })).choices[0].message.content;
  assert.ok(text.startsWith('请打') && !text.includes('2345'), text);
});
row('chat', 'a telephone number is masked, stream', async () => {
  const { texts, reasons } = await gathered(await say(peer, { model: 'peer-phone', stream: true }));
  assert.ok(texts[0].startsWith('请打') && !texts[0].includes('2345'), texts[0]);
  assert.deepEqual(reasons, { 0: 'stop' });
});
row('chat', 'a refused answer, whole', async () => {
  const [choice] = (await say(demo, { messages: BAD, model: 'guiju-demo' })).choices;
  assert.ok(choice.finish_reason === 'content_filter' && choice.message.content, JSON.stringify(choice));
});
row('chat', 'a refused answer, stream', async () => {
  const more = { messages: BAD, model: 'guiju-demo', stream: true, stream_options: { include_usage: true } };
  const { texts, reasons, usage } = await gathered(await say(demo, more));
  assert.ok(texts[0] && usage, JSON.stringify([texts, usage]));
  assert.deepEqual(reasons, { 0: 'content_filter' });
});
row('chat', "a refused answer, the SDK's own exception", async () => {
  const response_format = { type: 'json_schema', json_schema: { name: 'any', schema: { type: 'object' } } };
  const asked = demo.chat.completions.parse({ model: 'guiju-demo', messages: BAD, response_format });
  await assert.rejects(asked, ContentFilterFinishReasonError);
});
row('chat', 'the ledger entry in the header', async () => {
  const { data, response } = await say(peer).withResponse();
  assert.ok(response.headers.get('x-guiju-request'));
  assert.deepEqual([response.headers.get('x-guiju-decision'), data._request_id], ['pass', 'req_peer']);
});
row('completions', 'whole', async () => {
  const answer = await peer.completions.create({ model: 'peer', prompt: '天气' });
  begins(answer.choices[0].text);
  assert.equal(answer.usage.total_tokens, 10);
});
row('completions', 'stream', async () => {
  const chunks = (await all(peer.completions.create({ model: 'peer', prompt: '天气', stream: true }))).flatMap((chunk) => chunk.choices);
  begins(chunks.map((choice) => choice.text).join(''));
  assert.equal(chunks.at(-1).finish_reason, 'stop');
});
row('completions', 'several prompts', async () => {
  assert.equal((await peer.completions.create({ model: 'peer', prompt: ['天气', '新闻'] })).choices.length, 2);
});
row('responses', 'whole', async () => {
  const answer = await peer.responses.create({ model: 'peer', input: '天气', instructions: '简短' });
  begins(answer.output_text);
  assert.deepEqual([answer.status, answer.usage.total_tokens], ['completed', 10]);
});
row('responses', 'stream', async () => {
  const events = await all(peer.responses.create({ model: 'peer', input: '天气', stream: true }));
  begins(events.filter((event) => event.type === 'response.output_text.delta').map((event) => event.delta).join(''));
  assert.equal(events.at(-1).type, 'response.completed');
  const numbers = events.map((event) => event.sequence_number);
  assert.deepEqual(numbers, [...new Set(numbers)].sort((a, b) => a - b));
});
row('responses', "stream, the SDK's own gathering", async () => {
  begins((await peer.responses.stream({ model: 'peer', input: '天气' }).finalResponse()).output_text);
});
row('responses', 'tools, whole', async () => {
  const { output } = await peer.responses.create({ model: 'peer', input: ASK, tools: [ITEM_TOOL] });
  assert.deepEqual(output.map((call) => call.arguments), CITIES);
});
row('responses', 'tools, stream', async () => {
  const events = await all(peer.responses.create({ model: 'peer', input: ASK, tools: [ITEM_TOOL], stream: true }));
  const done = events.filter((event) => event.type === 'response.function_call_arguments.done').map((event) => event.arguments);
  assert.deepEqual(done, CITIES);
  assert.deepEqual(events.at(-1).response.output.map((item) => item.arguments), CITIES);
});
row('responses', 'tool results', async () => {
  const { output } = await peer.responses.create({ model: 'peer', input: ASK, tools: [ITEM_TOOL] });
  const results = output.map((call) => ({ type: 'function_call_output', call_id: call.call_id, output: '21' }));
  begins((await peer.responses.create({ model: 'peer', input: [...ASK, ...output, ...results], tools: [ITEM_TOOL] })).output_text);
});
row('responses', 'a refused answer, whole', async () => {
  const answer = await demo.responses.create({ model: 'guiju-demo', input: '说坏话' });
  assert.deepEqual([answer.status, answer.incomplete_details.reason], ['incomplete', 'content_filter']);
  assert.ok(answer.output_text);
});
row('responses', 'a refused answer, stream', async () => {
  const last = (await all(demo.responses.create({ model: 'guiju-demo', input: '说坏话', stream: true }))).at(-1);
  assert.deepEqual([last.type, last.response.incomplete_details.reason], ['response.incomplete', 'content_filter']);
});
row('embeddings', 'floats', async () => {
  const answer = await peer.embeddings.create({ model: 'peer', input: '天气', encoding_format: 'float' });
  assert.deepEqual(answer.data[0].embedding, [0.25, -0.5, 1]);
});
row('embeddings', "base64, the SDK's default", async () => {
  const { data } = await peer.embeddings.create({ model: 'peer', input: ['天气', '新闻'] });
  assert.deepEqual(data.map((one) => [...one.embedding]), [[0.25, -0.5, 1], [0.25, -0.5, 1]]);
});
row('models', 'list', async () => {
  assert.ok((await all(peer.models.list())).some((model) => model.id === 'peer'));
  assert.ok((await all(demo.models.list())).some((model) => model.id === 'guiju-demo'));
});
row('models', 'retrieve', async () => {
  assert.equal((await peer.models.retrieve('peer')).owned_by, 'peer');
  await raises(OpenAI.NotFoundError, 404, 'model_not_found', () => peer.models.retrieve('nobody'));
});
row('moderations', 'one text, several texts', async () => {
  assert.equal((await demo.moderations.create({ input: '今天天气很好' })).results[0].flagged, false);
  assert.equal((await demo.moderations.create({ input: ['今天天气很好', '你好'] })).results.length, 2);
});
row('moderations', 'a text that is flagged', async () => {
  const [result] = (await demo.moderations.create({ input: '色情视频免费看' })).results;
  assert.ok(result.flagged && Object.values(result.categories).some(Boolean), JSON.stringify(result));
});
row('errors', '400 BadRequestError', async () => {
  await raises(OpenAI.BadRequestError, 400, 'invalid_shape', () => say(peer, { messages: 'text' }));
});
row('errors', '401 AuthenticationError', async () => {
  await raises(OpenAI.AuthenticationError, 401, 'invalid_api_key', () => say(locked));
  await raises(OpenAI.AuthenticationError, 401, 'invalid_api_key', () => locked.models.list());
});
row('errors', '404 NotFoundError', async () => {
  await raises(OpenAI.NotFoundError, 404, 'model_not_found', () => say(named, { model: 'nobody' }));
  await raises(OpenAI.NotFoundError, 404, 'no_such_route', () => peer.files.list());
});
row('errors', '413 APIStatusError', async () => {
  await raises(OpenAI.APIError, 413, 'body_too_long', () => say(tight, { messages: [{ role: 'user', content: '长'.repeat(4000) }] }));
});
row('errors', '429 RateLimitError, with the time to come again', async () => {
  let limited;
  for (let turn = 0; turn < 20 && !limited; turn += 1) {
    await say(tight).catch((error) => {
      if (error instanceof OpenAI.RateLimitError) limited = error;
      else throw error;
    });
  }
  assert.equal(limited.code, 'rate_limited');
  assert.ok(Number(limited.headers.get('retry-after')) >= 1);
});
row('errors', '429 of the model service, Retry-After kept', async () => {
  const error = await raises(OpenAI.RateLimitError, 429, 'upstream_rate_limited', () => say(peer, { model: 'peer-429' }));
  assert.equal(error.headers.get('retry-after'), '7');
});
row('errors', '500 InternalServerError of the model service', async () => {
  await raises(OpenAI.InternalServerError, 500, 'upstream_error', () => say(peer, { model: 'peer-500' }));
});
row('errors', '504 InternalServerError: the model service is silent', async () => {
  await raises(OpenAI.InternalServerError, 504, 'upstream_timeout', () => say(peer, { model: 'peer-slow' }));
});
row('errors', 'APITimeoutError: the client does not wait', async () => {
  await assert.rejects(say(client('peer', { timeout: 500 }), { model: 'peer-slow' }), OpenAI.APIConnectionTimeoutError);
  assert.equal((await say(peer)).choices[0].finish_reason, 'stop');
});
row('errors', 'the SDK comes again by itself after 429', async () => {
  const answer = await say(client('peer', { maxRetries: 2 }), { model: 'peer-flaky', user: 'node' });
  assert.equal(answer.choices[0].finish_reason, 'stop');
});

let failed = 0;
for (const [endpoint, feature, check] of rows) {
  try {
    await check();
    console.log(`ok\t${endpoint} | ${feature}`);
  } catch (error) {
    failed += 1;
    console.log(`FAIL\t${endpoint} | ${feature}`);
    console.error(error);
  }
}
process.exit(failed ? 1 : 0);
