package org.xecomla.corpus.tokenizer;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;

/**
 * A byte-level BPE in Hugging Face's form: {@code tokenizer.json} of the tokenizers library and
 * {@code tokenizer_config.json} of transformers.
 *
 * @param tokens by id; special tokens first, then the bytes, then what was merged
 * @param merges in the order in which they apply
 */
public record BpeVocabulary(List<String> tokens, List<Merge> merges) {
    public static final String BOS = "<s>";
    public static final String EOS = "</s>";
    static final List<String> SPECIAL_TOKENS = List.of(BOS, EOS);

    private static final ObjectMapper JSON = new ObjectMapper();

    /** Two tokens that become one. */
    public record Merge(String left, String right) {}

    public BpeVocabulary {
        tokens = List.copyOf(tokens);
        merges = List.copyOf(merges);
    }

    /**
     * GPT-2's printable character for each of the 256 bytes: itself where it is printable, else the next from U+0100.
     */
    static List<String> byteTokens() {
        List<String> characters = new ArrayList<>();
        int next = 0x100;
        for (int b = 0; b < 0x100; b++) {
            boolean printable = (b >= '!' && b <= '~') || (b >= 0xa1 && b <= 0xac) || b >= 0xae;
            characters.add(Character.toString(printable ? b : next++));
        }
        return characters;
    }

    /** Content of {@code tokenizer.json}. Its post-processor puts the BOS token before a text, as Llama's does. */
    public String tokenizerJson() {
        ObjectNode root = JSON.createObjectNode();
        root.put("version", "1.0");
        root.putNull("truncation");
        root.putNull("padding");
        ArrayNode added = root.putArray("added_tokens");
        SPECIAL_TOKENS.forEach(token -> addSpecialToken(added.addObject(), token));
        root.putNull("normalizer");
        byteLevel(root.putObject("pre_tokenizer"));
        postProcessor(root.putObject("post_processor"));
        byteLevel(root.putObject("decoder"));
        model(root.putObject("model"));
        return root.toPrettyString() + "\n";
    }

    /** Content of {@code tokenizer_config.json}. */
    public String tokenizerConfigJson() {
        ObjectNode root = JSON.createObjectNode();
        root.put("tokenizer_class", "PreTrainedTokenizerFast");
        root.put("bos_token", BOS);
        root.put("eos_token", EOS);
        root.put("clean_up_tokenization_spaces", false);
        return root.toPrettyString() + "\n";
    }

    private void addSpecialToken(ObjectNode node, String token) {
        node.put("id", tokens.indexOf(token));
        node.put("content", token);
        node.put("single_word", false);
        node.put("lstrip", false);
        node.put("rstrip", false);
        node.put("normalized", false);
        node.put("special", true);
    }

    private static void byteLevel(ObjectNode node) {
        node.put("type", "ByteLevel");
        node.put("add_prefix_space", false);
        node.put("trim_offsets", true);
        node.put("use_regex", true);
    }

    private void postProcessor(ObjectNode node) {
        node.put("type", "TemplateProcessing");
        template(node.putArray("single"), "A");
        ArrayNode pair = node.putArray("pair");
        template(pair, "A");
        template(pair, "B");
        ObjectNode bos = node.putObject("special_tokens").putObject(BOS);
        bos.put("id", BOS);
        bos.putArray("ids").add(tokens.indexOf(BOS));
        bos.putArray("tokens").add(BOS);
    }

    private static void template(ArrayNode template, String sequence) {
        template.addObject().putObject("SpecialToken").put("id", BOS).put("type_id", 0);
        template.addObject().putObject("Sequence").put("id", sequence).put("type_id", 0);
    }

    private void model(ObjectNode node) {
        node.put("type", "BPE");
        node.putNull("dropout");
        node.putNull("unk_token");
        node.putNull("continuing_subword_prefix");
        node.putNull("end_of_word_suffix");
        node.put("fuse_unk", false);
        node.put("byte_fallback", false);
        node.put("ignore_merges", false);
        ObjectNode vocab = node.putObject("vocab");
        for (int id = 0; id < tokens.size(); id++) {
            vocab.put(tokens.get(id), id);
        }
        ArrayNode list = node.putArray("merges");
        merges.forEach(merge -> list.add(merge.left() + " " + merge.right()));
    }
}
