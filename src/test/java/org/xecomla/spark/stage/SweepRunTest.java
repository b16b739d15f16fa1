package org.xecomla.spark.stage;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.xecomla.config.RunConfig;
import org.xecomla.config.TargetsConfig;
import org.xecomla.config.model.ModelConfig;
import org.xecomla.run.RunModels;
import org.xecomla.upcycle.UpcyclePlan;

class SweepRunTest {
    /** 50, 25, 15.625 and 9.375 % of the base's 640 elements. */
    @Test
    void theShippedSweepHasTheSharesThatItStates() {
        RunConfig config = RunConfig.load("conf/sweep.conf", Map.of());
        ModelConfig base = RunModels.base(config).config();
        List<SweepRun> runs = SweepRun.all(config);
        assertEquals(640, base.kvElementsPerToken());
        assertEquals(
                List.of(320, 160, 100, 60, 320, 160, 100, 60),
                runs.stream()
                        .map(run -> UpcyclePlan.of(run.config().upcycle(), base).student(base))
                        .map(ModelConfig::kvElementsPerToken)
                        .toList());
        assertEquals("aligned-kv50", runs.get(0).name());
        assertEquals("xecomla-kv9.4", runs.get(7).name());
    }

    /** A recipe's alternatives are runs of their own; seeds, and what a recipe says of targets, have targets apart. */
    @Test
    void recipesAndSeedsAreAxes() {
        RunConfig config = RunConfig.ofOverrides(Map.of(
                "run.dir",
                "/runs/s",
                "sweep.seeds",
                "[42, 7]",
                "sweep.recipes.large.distill.batch-sequences",
                "12",
                "sweep.recipes.tuned.distill.batch-sequences",
                "2 | 4",
                "sweep.recipes.tuned.distill.learning-rate",
                "1e-3|2e-3",
                "sweep.recipes.tuned.targets.samples",
                "25"));
        List<SweepRun> runs = SweepRun.all(config);
        assertEquals(
                List.of(
                        "large-seed42",
                        "large-seed7",
                        "tuned-2-1e-3-seed42",
                        "tuned-2-1e-3-seed7",
                        "tuned-2-2e-3-seed42",
                        "tuned-2-2e-3-seed7",
                        "tuned-4-1e-3-seed42",
                        "tuned-4-1e-3-seed7",
                        "tuned-4-2e-3-seed42",
                        "tuned-4-2e-3-seed7"),
                runs.stream().map(SweepRun::name).toList());
        SweepRun last = runs.get(9);
        assertEquals("tuned", last.recipe());
        assertEquals("4-2e-3", last.choice());
        assertEquals(4, last.config().distill().optimizer().batchSequences());
        assertEquals(2e-3, last.config().distill().optimizer().learningRate());
        assertEquals(7, last.config().run().seed());
        assertEquals(
                List.of("targets", "targets-seed7", "targets-samples25", "targets-samples25-seed7"),
                runs.stream()
                        .map(run -> run.layout().targets().path().getName())
                        .distinct()
                        .toList());
    }

    /** What is compared at every budget with the same recipes, on a text of which half is for choosing. */
    @Test
    @Tag("slow")
    void theShippedComparisonTunesItsPeers() {
        RunConfig config = RunConfig.load("conf/quality.conf", Map.of());
        List<SweepRun> runs = SweepRun.all(config);
        assertEquals(
                Set.of("official", "tuned", "few-tokens"),
                runs.stream().map(SweepRun::recipe).collect(Collectors.toSet()));
        assertEquals(3 * 4 * 3 * 2 * (1 + 9 + 1), runs.size());
        for (SweepRun run : runs) {
            assertEquals(
                    run.recipe().equals("few-tokens"),
                    run.config().distill().hidden().isEnabled(),
                    run.name());
            assertEquals(run.recipe().equals("tuned"), !run.choice().isEmpty(), run.name());
        }
        assertEquals(runs.size(), runs.stream().map(SweepRun::name).distinct().count());
    }

    @Test
    void runsShareWhatTheirAxesDoNotChange() {
        RunConfig config = RunConfig.ofOverrides(Map.of(
                "run.dir",
                "/runs/s",
                "targets.codec",
                "topk",
                "sweep.codecs",
                "[topk, sampled]",
                "sweep.tokens",
                "[100, 200]"));
        List<SweepRun> runs = SweepRun.all(config);
        assertEquals(
                List.of("topk-tokens100", "topk-tokens200", "sampled-tokens100", "sampled-tokens200"),
                runs.stream().map(SweepRun::name).toList());
        assertEquals(200, runs.get(1).config().distill().tokens().getAsLong());
        assertEquals(TargetsConfig.Codec.SAMPLED, runs.get(2).config().targets().codec());
        assertEquals(1, runs.get(0).config().distill().replicas().count());
        assertEquals(
                Set.of("/runs/s/targets", "/runs/s/targets-sampled"),
                runs.stream()
                        .map(run -> run.layout().targets().path().toUri().getPath())
                        .collect(Collectors.toSet()));
        assertEquals(
                Set.of("/runs/s/shards/train"),
                runs.stream()
                        .map(run -> run.layout().trainShards().path().toUri().getPath())
                        .collect(Collectors.toSet()));
        assertEquals(
                "/runs/s/sweep/topk-tokens100",
                runs.get(0).layout().dir().toUri().getPath());
    }
}
