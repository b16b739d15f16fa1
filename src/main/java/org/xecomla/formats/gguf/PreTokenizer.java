package org.xecomla.formats.gguf;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.xecomla.errors.ConfigException;
import org.xecomla.formats.checkpoint.ModelJson;

/** How a tokenizer.json cuts text before it merges, by llama.cpp's names; what has none there is refused. */
final class PreTokenizer {
    private static final String SMOLLM = "smollm";
    private static final String LLAMA3 = "llama-bpe";
    private static final String QWEN2 = "qwen2";

    /** The patterns of models that published them, by the name llama.cpp has for each. */
    private static final Map<String, String> PATTERNS = Map.of(
            words("\\p{N}{1,3}"), LLAMA3,
            words("\\p{N}"), QWEN2);

    private PreTokenizer() {}

    /** Both differ in how many digits stand together. */
    private static String words(String digits) {
        return "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|" + digits
                + "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
    }

    /** Of a tokenizer of bytes. */
    static String of(ModelJson tokenizer) {
        JsonNode json = tokenizer.json();
        List<JsonNode> parts = parts(json.path("pre_tokenizer"), "pretokenizers");
        JsonNode last = parts.isEmpty() ? json.path("pre_tokenizer") : parts.get(parts.size() - 1);
        boolean bytes = last.path("type").asText().equals("ByteLevel")
                && !last.path("add_prefix_space").asBoolean(true);
        boolean splits = last.path("use_regex").asBoolean(true);
        String name = "";
        if (bytes && splits && parts.size() == 1) {
            name = "gpt-2";
        } else if (bytes && splits && parts.size() == 2 && isSingleDigits(parts.get(0))) {
            name = SMOLLM;
        } else if (bytes && !splits && parts.size() == 2 && isIsolated(parts.get(0))) {
            name = PATTERNS.getOrDefault(
                    parts.get(0).path("pattern").path("Regex").asText(), "");
        }
        boolean wholeWordsFirst = json.path("model").path("ignore_merges").asBoolean(false);
        if (name.isEmpty() || wholeWordsFirst != name.equals(LLAMA3) || !isPlain(json.path("normalizer"), name)) {
            throw unknown(tokenizer);
        }
        return name;
    }

    private static boolean isSingleDigits(JsonNode part) {
        return part.path("type").asText().equals("Digits")
                && part.path("individual_digits").asBoolean();
    }

    private static boolean isIsolated(JsonNode part) {
        return part.path("type").asText().equals("Split")
                && part.path("behavior").asText().equals("Isolated")
                && !part.path("invert").asBoolean();
    }

    /** Qwen's brings text to NFC, which llama.cpp leaves to the writer of the text. */
    private static boolean isPlain(JsonNode normalizer, String name) {
        return normalizer.isNull()
                || normalizer.isMissingNode()
                || name.equals(QWEN2) && normalizer.path("type").asText().equals("NFC");
    }

    /** Of a tokenizer of pieces with bytes for the rest, as sentencepiece makes them. */
    static String ofPieces(ModelJson tokenizer) {
        JsonNode json = tokenizer.json();
        boolean blanks = parts(json.path("normalizer"), "normalizers").stream()
                .allMatch(part -> part.path("type").asText().equals("Prepend")
                        || part.path("type").asText().equals("Replace")
                                && part.path("content").asText().equals("▁"));
        JsonNode pre = json.path("pre_tokenizer");
        if (!blanks || !pre.isNull() && !pre.isMissingNode() && !isMetaspace(pre)) {
            throw unknown(tokenizer);
        }
        return "default";
    }

    private static boolean isMetaspace(JsonNode pre) {
        return pre.path("type").asText().equals("Metaspace")
                && !pre.path("split").asBoolean(true);
    }

    /** Whether a text is taken as if it began with a blank. */
    static boolean addsSpace(ModelJson tokenizer) {
        JsonNode json = tokenizer.json();
        JsonNode pre = json.path("pre_tokenizer");
        return parts(json.path("normalizer"), "normalizers").stream()
                        .anyMatch(part -> part.path("type").asText().equals("Prepend"))
                || isMetaspace(pre) && !pre.path("prepend_scheme").asText().equals("never");
    }

    /** The steps of a sequence, or the one. */
    private static List<JsonNode> parts(JsonNode step, String key) {
        List<JsonNode> parts = new ArrayList<>();
        if (step.path("type").asText().equals("Sequence")) {
            step.path(key).forEach(parts::add);
        } else if (step.isObject()) {
            parts.add(step);
        }
        return parts;
    }

    private static ConfigException unknown(ModelJson tokenizer) {
        return new ConfigException(tokenizer.where() + ": no tokenizer of llama.cpp is known here to cut text as this"
                + " one does (pre_tokenizer, normalizer): those of GPT-2, Llama 2 and 3, SmolLM and Qwen2 are. Export"
                + " the model as deepseek-v3, llama or native");
    }
}
