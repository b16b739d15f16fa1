package org.xecomla.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.xecomla.config.RunConfig;

class DoctorTest {
    @TempDir
    Path dir;

    private static Finding of(String subject, List<Finding> findings) {
        return findings.stream()
                .filter(finding -> finding.subject().equals(subject))
                .findFirst()
                .orElseThrow();
    }

    private static List<Finding> failed(List<Finding> findings) {
        return findings.stream()
                .filter(finding -> finding.verdict() == Finding.Verdict.FAIL)
                .toList();
    }

    @Test
    void aRunThatWorksHasNothingWrong() throws Exception {
        List<Finding> findings = new Doctor(TinyRun.in(dir).config("run", 2)).here();
        assertEquals(List.of(), failed(findings));
        assertEquals(Finding.Verdict.OK, of("vector api", findings).verdict());
        assertTrue(
                of("blas", findings).text().startsWith("OpenBLAS computes with its kernels for "), findings::toString);
        assertTrue(of("base.path", findings).text().endsWith("2 layers"), findings::toString);
        assertTrue(Files.notExists(dir.resolve("run")), "a look leaves nothing behind");
    }

    @Test
    void whatIsWrongIsNamedWithItsRemedy() throws Exception {
        Map<String, String> settings = new HashMap<>(TinyRun.in(dir).settings("run", 2));
        Path file = Files.writeString(dir.resolve("file"), "not a directory");
        settings.put("run.dir", file + "/run");
        settings.put("base.path", dir.resolve("nothing").toString());
        settings.put("corpus.valid", "[\"" + dir.resolve("nothing.jsonl") + "\"]");
        settings.put("spark.gpus-per-executor", "1");
        settings.put("compute.kernels", "nd4j");
        List<Finding> findings = failed(new Doctor(RunConfig.ofOverrides(settings)).here());
        assertEquals(
                List.of("gpu", "run.dir", "base.path", "corpus"),
                findings.stream().map(Finding::subject).toList());
        assertTrue(of("gpu", findings).text().contains("XECOMLA_MAVEN_FLAGS=-Pcuda"), findings::toString);
        assertTrue(of("run.dir", findings).line().startsWith("fail  run.dir"), findings::toString);
    }

    @Test
    void aTaskThatTakesMoreThanThereIsFails() {
        RunConfig config = RunConfig.ofOverrides(Map.of());
        Finding memory = of("memory", MachineChecks.all(config, OptionalLong.of(1L << 50)));
        assertEquals(Finding.Verdict.FAIL, memory.verdict());
        assertTrue(memory.text().contains("a task takes 1048576.0 GiB"), memory.text());
    }
}
