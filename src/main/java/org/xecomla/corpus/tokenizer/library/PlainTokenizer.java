package org.xecomla.corpus.tokenizer.library;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;

/**
 * Whether a tokenizer.json is made of parts alone of which no file and no text is known to end the library: byte pairs
 * without affixes, expressions of published models, characters for characters. That is most of what Llama-type models
 * bring; any other works as well, in a process of its own.
 */
public final class PlainTokenizer {
    /** Of one list of parts at most. */
    private static final int MOST_PARTS = 16;

    /** GPT-2; Llama 3 and GPT-4; Qwen 2; DeepSeek-V3 in three, of which the first two are also others'. */
    private static final Set<String> EXPRESSIONS = Set.of(
            "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+",
            "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*"
                    + "|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
            "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*"
                    + "|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
            "\\p{N}{1,3}",
            "[一-龥\u3040-ゟ゠-ヿ]+",
            "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|[^\\r\\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+"
                    + "| ?[\\p{P}\\p{S}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+");

    private static final Set<String> NORMALIZERS = Set.of("NFC", "NFD", "NFKC", "NFKD", "Lowercase", "StripAccents");
    private static final Set<String> PRE_TOKENIZERS = Set.of("ByteLevel", "Digits", "WhitespaceSplit");
    private static final Set<String> POST_PROCESSORS = Set.of("ByteLevel", "TemplateProcessing");
    private static final Set<String> DECODERS = Set.of("ByteLevel", "ByteFallback", "Fuse");

    private static final String META_SPACE = "▁";

    private PlainTokenizer() {}

    /**
     * @param root a tokenizer.json; that of its model need not be there
     * @param model the model's plain values, as text
     */
    public static boolean isPlain(JsonNode root, Map<String, String> model) {
        return isPlainModel(model)
                && each(root.path("normalizer"), "normalizers", PlainTokenizer::isPlainNormalizer)
                && each(root.path("pre_tokenizer"), "pretokenizers", PlainTokenizer::isPlainPreTokenizer)
                && each(root.path("post_processor"), "processors", part -> isOneOf(POST_PROCESSORS, part))
                && each(root.path("decoder"), "decoders", PlainTokenizer::isPlainDecoder)
                && root.path("truncation").path("stride").asInt() == 0;
    }

    private static boolean isPlainModel(Map<String, String> model) {
        return "BPE".equals(model.get("type"))
                && isNothing(model.get("dropout"))
                && isNothing(model.get("continuing_subword_prefix"))
                && isNothing(model.get("end_of_word_suffix"));
    }

    private static boolean isNothing(String value) {
        return value == null || value.isEmpty() || value.equals("null");
    }

    /** Nothing, one part, or a sequence of some. */
    private static boolean each(JsonNode section, String list, Predicate<JsonNode> isPlain) {
        if (section.isNull() || section.isMissingNode()) {
            return true;
        }
        if (!typeOf(section).equals("Sequence")) {
            return isPlain.test(section);
        }
        JsonNode parts = section.path(list);
        if (!parts.isArray() || parts.size() > MOST_PARTS) {
            return false;
        }
        for (JsonNode part : parts) {
            if (!isPlain.test(part)) {
                return false;
            }
        }
        return true;
    }

    private static String typeOf(JsonNode part) {
        return part.path("type").asText();
    }

    private static boolean isOneOf(Set<String> types, JsonNode part) {
        return types.contains(typeOf(part));
    }

    private static boolean isPlainNormalizer(JsonNode part) {
        return isOneOf(NORMALIZERS, part)
                || typeOf(part).equals("Prepend")
                        && part.path("prepend").asText().equals(META_SPACE)
                || isReplace(part, " ", META_SPACE);
    }

    private static boolean isPlainPreTokenizer(JsonNode part) {
        return isOneOf(PRE_TOKENIZERS, part)
                || isMetaSpace(part)
                || typeOf(part).equals("Split")
                        && EXPRESSIONS.contains(
                                part.path("pattern").path("Regex").asText());
    }

    private static boolean isPlainDecoder(JsonNode part) {
        return isOneOf(DECODERS, part)
                || isMetaSpace(part)
                || isReplace(part, META_SPACE, " ")
                // A token shorter than what is to be cut off its end ends the library.
                || typeOf(part).equals("Strip") && part.path("stop").asInt(1) == 0;
    }

    private static boolean isMetaSpace(JsonNode part) {
        return typeOf(part).equals("Metaspace")
                && part.path("replacement").asText(META_SPACE).equals(META_SPACE);
    }

    private static boolean isReplace(JsonNode part, String what, String by) {
        return typeOf(part).equals("Replace")
                && part.path("pattern").path("String").asText().equals(what)
                && part.path("content").asText().equals(by);
    }
}
