package org.xecomla.spark.stage;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
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
