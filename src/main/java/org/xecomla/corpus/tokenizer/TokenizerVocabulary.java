package org.xecomla.corpus.tokenizer;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.hadoop.fs.Path;
import org.xecomla.errors.ConfigException;
import org.xecomla.files.DataFiles;

/**
 * Which token every id of a tokenizer.json stands for: what two models must agree on if one is to learn from the other.
 *
 * @param tokens by id, added tokens included
 */
public record TokenizerVocabulary(Path file, SortedMap<Integer, String> tokens) {
    private static final int SHOWN = 5;

    /** That of a tokenizer.json, or of the one in a directory; empty where there is none. */
    public static Optional<TokenizerVocabulary> find(Path directoryOrFile) {
        Path file = directoryOrFile.getName().endsWith(".json")
                ? directoryOrFile
                : new Path(directoryOrFile, "tokenizer.json");
        if (!DataFiles.exists(file)) {
            return Optional.empty();
        }
        JsonNode json = TokenizerJson.readIfThere(file);
        SortedMap<Integer, String> tokens = new TreeMap<>();
        JsonNode vocabulary = json.path("model").path("vocab");
        if (vocabulary.isArray()) {
            vocabulary.forEach(entry -> tokens.put(tokens.size(), entry.path(0).asText()));
        } else {
            vocabulary
                    .fields()
                    .forEachRemaining(entry -> tokens.put(entry.getValue().asInt(), entry.getKey()));
        }
        json.path("added_tokens")
                .forEach(token -> tokens.put(
                        token.path("id").asInt(), token.path("content").asText()));
        return Optional.of(new TokenizerVocabulary(file, tokens));
    }

    /**
     * Refuses another vocabulary.
     *
     * @param mine whose this is, for the message
     * @param others whose {@code other} is
     * @throws ConfigException naming the first ids that differ and what they stand for, both ways
     */
    public void requireSame(TokenizerVocabulary other, String mine, String others) {
        SortedSet<Integer> ids = new TreeSet<>(tokens.keySet());
        ids.addAll(other.tokens.keySet());
        ids.removeIf(id -> Objects.equals(tokens.get(id), other.tokens.get(id)));
        if (ids.isEmpty()) {
            return;
        }
        List<String> shown = new ArrayList<>();
        ids.stream().limit(SHOWN).forEach(id -> shown.add("id " + id + " is " + name(id) + " and " + other.name(id)));
        throw new ConfigException("the tokenizers of " + mine + " (" + DataFiles.display(file) + ") and of " + others
                + " ("
                + DataFiles.display(other.file) + ") differ in " + ids.size() + " ids: " + String.join(", ", shown)
                + (ids.size() > SHOWN ? ", ..." : "") + ": a teacher's word on one says nothing about the other");
    }

    private String name(int id) {
        String token = tokens.get(id);
        return token == null ? "nothing" : "\"" + token.replace("\n", "\\n") + "\"";
    }
}
