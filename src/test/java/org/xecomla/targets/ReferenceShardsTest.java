package org.xecomla.targets;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.xecomla.errors.UserException;
import org.xecomla.files.DataFiles;
import org.xecomla.files.ShardPlan;

class ReferenceShardsTest {
    private static final ShardPlan PLAN = new ShardPlan(5, 3);
    private static final ReferenceShards.Spec SPEC = new ReferenceShards.Spec(PLAN, "model-1", "tokenizer-1");

    @TempDir
    private Path dir;

    private org.apache.hadoop.fs.Path write() {
        org.apache.hadoop.fs.Path path = DataFiles.path(dir.toString());
        for (int shard = 0; shard < 2; shard++) {
            List<LogProbabilities> scores = new ArrayList<>();
            for (int i = 0; i < PLAN.numSequencesOf(shard); i++) {
                long pair = PLAN.firstSequence(shard) + i;
                scores.add(new LogProbabilities(-1.25 * pair, -100.0 / 3 - pair));
            }
            ReferenceShards.write(path, SPEC, shard, "pairs-" + shard, scores);
        }
        return path;
    }

    @Test
    void whatIsWrittenIsReadByTheNumberOfThePair() {
        try (ReferenceShards shards = ReferenceShards.open(write())) {
            for (long pair = 0; pair < 5; pair++) {
                assertEquals(new LogProbabilities(-1.25 * pair, -100.0 / 3 - pair), shards.read(pair));
            }
            shards.requireOf(SPEC);
            shards.requireCovers(1, "pairs-1");
        }
    }

    @Test
    void whatBelongsToOtherPairsOrModelsIsRefusedWithBothValues() {
        try (ReferenceShards shards = ReferenceShards.open(write())) {
            assertRefused(
                    "model-1",
                    "model-2",
                    () -> shards.requireOf(new ReferenceShards.Spec(PLAN, "model-2", "tokenizer-1")));
            assertRefused(
                    "tokenizer-1",
                    "tokenizer-2",
                    () -> shards.requireOf(new ReferenceShards.Spec(PLAN, "model-1", "tokenizer-2")));
            assertRefused("pairs-1", "pairs-7", () -> shards.requireCovers(1, "pairs-7"));
        }
    }

    private static void assertRefused(String made, String now, Runnable check) {
        String message = assertThrows(UserException.class, check::run).getMessage();
        assertTrue(message.contains(made) && message.contains(now), message);
    }

    @Test
    void aShardIsCompleteForExactlyItsModelAndPairs() {
        org.apache.hadoop.fs.Path path = write();
        assertTrue(ReferenceShards.isComplete(path, SPEC, 0, "pairs-0"));
        assertFalse(ReferenceShards.isComplete(path, SPEC, 0, "pairs-9"));
        assertFalse(ReferenceShards.isComplete(
                path, new ReferenceShards.Spec(PLAN, "model-2", "tokenizer-1"), 0, "pairs-0"));
    }
}
