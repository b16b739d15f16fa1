package org.xecomla.corpus.chat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.hadoop.fs.Path;
import org.xecomla.corpus.chat.jinja.JinjaTemplate;
import org.xecomla.corpus.tokenizer.TokenizerJson;
import org.xecomla.files.DataFiles;

/**
 * What {@code bos_token}, {@code eos_token} and so on stand for in a template.
 *
 * @param texts of those that the tokenizer has, by name
 * @param variables for a template: the texts, and those that nothing is known of, which it may ask for and not write
 */
record SpecialTokens(Map<String, String> texts, Map<String, Object> variables) {
    /** Where a tokenizer says what they are. */
    static final String CONFIG = "tokenizer_config.json";

    private static final List<String> NAMES =
            List.of("bos_token", "eos_token", "unk_token", "pad_token", "sep_token", "cls_token", "mask_token");

    /**
     * @param config the tokenizer's configuration: a token may be null there, which is to have none
     * @param place of the configuration, for messages
     */
    private static SpecialTokens of(Map<String, String> texts, JsonNode config, String place) {
        Map<String, Object> variables = new HashMap<>(texts);
        for (String name : NAMES) {
            if (!texts.containsKey(name) && !config.has(name)) {
                String message = "it writes " + name + ", and " + place + " does not say what that is: put \"" + name
                        + "\" there, with null for none";
                variables.put(name, JinjaTemplate.missing(message));
            }
        }
        return new SpecialTokens(Map.copyOf(texts), variables);
    }

    /** @param place of whatever names them, for messages */
    static SpecialTokens of(Map<String, String> texts, String place) {
        return of(texts, MissingNode.getInstance(), place);
    }

    /** Those of a tokenizer's directory. */
    static SpecialTokens read(Path directory) {
        Path file = new Path(directory, CONFIG);
        JsonNode config = TokenizerJson.readIfThere(file);
        JsonNode older = TokenizerJson.readIfThere(new Path(directory, "special_tokens_map.json"));
        Map<String, String> texts = new TreeMap<>();
        for (String name : NAMES) {
            add(texts, name, config.hasNonNull(name) ? config.path(name) : older.path(name));
        }
        // A tokenizer's own names for others of its tokens.
        JsonNode others = config.path("extra_special_tokens");
        others.fieldNames().forEachRemaining(name -> add(texts, name, others.path(name)));
        return of(texts, config, DataFiles.display(file));
    }

    private static void add(Map<String, String> texts, String name, JsonNode token) {
        if (token.isObject() || token.isTextual()) {
            texts.put(name, token.isObject() ? token.path("content").asText("") : token.textValue());
        }
    }
}
