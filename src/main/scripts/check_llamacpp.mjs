// See check-llamacpp, which calls it where node-llama-cpp is installed.
import {closeSync, openSync, readFileSync, writeSync} from "node:fs";
import {getLlama, LlamaLogLevel} from "node-llama-cpp";

const [command, file, input, last] = process.argv.slice(2);
const items = JSON.parse(readFileSync(input, "utf8"));
const SIZES = /llama_kv_cache: size.*\(\s*(\d+) cells.*K \(f32\):\s*([\d.]+) MiB, V \(f32\):\s*([\d.]+) MiB/;
const CELLS = 8192; // so many that the megabytes that llama.cpp prints of its cache are exact enough
let cache = null;
const failures = [];
const llama = await getLlama({
    gpu: false, build: "never", skipDownload: true, maxThreads: 1, logLevel: LlamaLogLevel.debug,
    logger: (level, message) => {
        const sizes = SIZES.exec(message);
        if (sizes)
            cache = {cells: Number(sizes[1]), keyMib: Number(sizes[2]), valueMib: Number(sizes[3])};
        if (level === "error" || level === "fatal")
            failures.push(message.trim());
    }
});

/** -log p of what follows, in nats; ids beyond the model's rows do not occur. */
function negativeLogLikelihood(logits, next) {
    let largest = -Infinity;
    for (const value of logits.values())
        largest = Math.max(largest, value);
    let sum = 0;
    for (const value of logits.values())
        sum += Math.exp(value - largest);
    return largest + Math.log(sum) - logits.get(next);
}

async function evaluate(sequence, out) {
    let sum = 0, count = 0;
    for (const ids of items) {
        await sequence.clearHistory();
        const steps = await sequence.controlledEvaluate(ids.map((id) => [id, {generateNext: {logits: true}}]));
        steps.forEach((step, t) => {
            const logits = step.next.logits;
            if (t + 1 < ids.length) {
                sum += negativeLogLikelihood(logits, ids[t + 1]);
                count++;
            }
            if (out !== null) {
                const row = new Float32Array(logits.size);
                for (const [token, value] of logits)
                    row[token] = value;
                writeSync(out, Buffer.from(row.buffer));
            }
        });
    }
    return {nll: sum / count, positions: count};
}

async function greedy(sequence, ids, length) {
    await sequence.clearHistory();
    const made = [];
    for await (const token of sequence.evaluate(ids, {temperature: 0})) {
        made.push(token);
        if (made.length === length)
            break;
    }
    return made;
}

try {
    const model = await llama.loadModel({modelPath: file, gpuLayers: 0});
    let result;
    if (command === "tokens") {
        result = {ids: items.map((text) => [...model.tokenize(text, false)])};
    } else {
        const context = await model.createContext({
            contextSize: CELLS, batchSize: 512, threads: 1, flashAttention: false,
            experimentalKvCacheKeyType: "F32", experimentalKvCacheValueType: "F32"
        });
        const sequence = context.getSequence();
        if (command === "generate") {
            result = {ids: []};
            for (const ids of items)
                result.ids.push(await greedy(sequence, ids, Number(last)));
        } else {
            const out = command === "logits" ? openSync(last, "w") : null;
            result = await evaluate(sequence, out);
            if (out !== null)
                closeSync(out);
        }
    }
    console.log(JSON.stringify({...result, cache}));
} catch (error) {
    console.error([...failures, error.message].join("\n"));
    process.exitCode = 1;
} finally {
    await llama.dispose();
}
