package org.xecomla.files;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What a shard says of itself.
 *
 * @param kind what the records are, for example {@code tokens}
 * @param plan how the whole is cut; the same in all shards of a directory
 * @param shard which shard this is
 * @param recordsPerBlock sequences that are compressed together
 * @param settings what all shards of a directory have in common, for example the sequence length
 * @param inputs digests of what this shard was made from
 */
public record ShardHeader(
        String kind,
        ShardPlan plan,
        int shard,
        int recordsPerBlock,
        SortedMap<String, String> settings,
        SortedMap<String, String> inputs) {
    private static final ObjectMapper MAPPER = new ObjectMapper();

    public ShardHeader {
        plan.firstSequence(shard);
        if (recordsPerBlock < 1) {
            throw new IllegalArgumentException("blocks of " + recordsPerBlock + " records");
        }
        if (settings == null || inputs == null || settings.containsValue(null) || inputs.containsValue(null)) {
            throw new IllegalArgumentException("settings or inputs without values");
        }
        settings = Collections.unmodifiableSortedMap(new TreeMap<>(settings));
        inputs = Collections.unmodifiableSortedMap(new TreeMap<>(inputs));
    }

    public static ShardHeader of(
            String kind,
            ShardPlan plan,
            int shard,
            int recordsPerBlock,
            Map<String, String> settings,
            Map<String, String> inputs) {
        return new ShardHeader(kind, plan, shard, recordsPerBlock, new TreeMap<>(settings), new TreeMap<>(inputs));
    }

    public long firstSequence() {
        return plan.firstSequence(shard);
    }

    public int numSequences() {
        return plan.numSequencesOf(shard);
    }

    int numBlocks() {
        return (numSequences() - 1) / recordsPerBlock + 1;
    }

    /** Number of records of block {@code block}. */
    int numRecordsOf(int block) {
        return Math.min(recordsPerBlock, numSequences() - block * recordsPerBlock);
    }

    byte[] toJson() {
        ObjectNode node = MAPPER.createObjectNode();
        node.put("kind", kind);
        node.put("num-sequences", plan.numSequences());
        node.put("sequences-per-shard", plan.sequencesPerShard());
        node.put("shard", shard);
        node.put("records-per-block", recordsPerBlock);
        node.set("settings", MAPPER.valueToTree(settings));
        node.set("inputs", MAPPER.valueToTree(inputs));
        try {
            return MAPPER.writeValueAsString(node).getBytes(StandardCharsets.UTF_8);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }

    static ShardHeader parse(byte[] json) throws IOException {
        JsonNode node = MAPPER.readTree(json);
        TypeReference<TreeMap<String, String>> map = new TypeReference<>() {};
        return new ShardHeader(
                node.required("kind").asText(),
                new ShardPlan(
                        node.required("num-sequences").asLong(),
                        node.required("sequences-per-shard").asInt()),
                node.required("shard").asInt(),
                node.required("records-per-block").asInt(),
                MAPPER.convertValue(node.required("settings"), map),
                MAPPER.convertValue(node.required("inputs"), map));
    }
}
