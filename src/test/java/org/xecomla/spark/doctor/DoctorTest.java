package org.xecomla.spark.doctor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.xecomla.config.RunConfig;
import org.xecomla.spark.TinyRun;

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

    /** What a stage would stop at: a table as text, a tokenizer of more ids than the model has rows. */
    @Test
    void whatAStageWouldFindIsFoundBefore() throws Exception {
        Map<String, String> settings = new HashMap<>(TinyRun.in(dir).settings("run", 2));
        assertEquals(
                Finding.Verdict.OK,
                of("tokenizer", new Doctor(RunConfig.ofOverrides(settings)).here())
                        .verdict());
        Path table = Files.writeString(dir.resolve("table.csv"), "a,b\n1,2\n");
        settings.put("corpus.valid", "[\"" + table + "\"]");
        settings.put("tokenizer.path", "conf/demo/model");
        List<Finding> findings = failed(new Doctor(RunConfig.ofOverrides(settings)).here());
        assertEquals(
                List.of("tokenizer", "corpus"),
                findings.stream().map(Finding::subject).toList(),
                findings::toString);
        assertTrue(of("tokenizer", findings).text().contains("1024 ids"), findings::toString);
        assertTrue(of("corpus", findings).text().contains("comma-separated"), findings::toString);
    }

    @Test
    void aTaskThatTakesMoreThanThereIsFails() {
        RunConfig config = RunConfig.ofOverrides(Map.of());
        Finding memory = of("memory", MachineChecks.all(config, OptionalLong.of(1L << 50)));
        assertEquals(Finding.Verdict.FAIL, memory.verdict());
        assertTrue(memory.text().contains("its tasks take 1048576.0 GiB"), memory.text());
    }

    /** Replicas that are threads of one process share its memory. */
    @Test
    void aLocalRunThatTakesMoreThanThisMachineHasFails() {
        RunConfig config = RunConfig.ofOverrides(Map.of(
                "base.path", "conf/shapes/Llama-3.2-1B-Instruct",
                "teacher.path", "conf/shapes/Llama-3.1-8B-Instruct",
                "spark.master", "local[1024]",
                "distill.replicas", "1024",
                "distill.batch-sequences", "1024"));
        Finding memory = of("memory", new Doctor(config).here());
        assertEquals(Finding.Verdict.FAIL, memory.verdict(), memory::line);
        assertTrue(memory.text().contains("lower distill.replicas, distill.micro-batch-sequences"), memory.text());
    }

    /** A JVM as nobody should start it: it works, and is told what makes it slow. */
    @Test
    @Tag("slow")
    void whatMakesItSlowIsWarnedOf() throws Exception {
        TinyRun.in(dir);
        Path log = dir.resolve("doctor.log");
        ProcessBuilder builder = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin/java").toString(),
                        "-Dorg.bytedeco.javacpp.maxphysicalbytes=0",
                        "-cp",
                        System.getProperty("java.class.path"),
                        "org.xecomla.cli.Main",
                        "doctor",
                        "-Drun.dir=" + dir.resolve("run"),
                        "-Dbase.path=" + dir.resolve("base"))
                .redirectErrorStream(true)
                .redirectOutput(log.toFile());
        builder.environment().put("OPENBLAS_CORETYPE", "Prescott");
        int code = builder.start().waitFor();
        String output = Files.readString(log);
        assertEquals(0, code, output);
        assertTrue(output.contains("warn  vector api"), output);
        assertTrue(output.contains("put it into spark.executor.extraJavaOptions"), output);
        assertTrue(output.contains("OpenBLAS computes with its kernels for Prescott"), output);
        boolean avx2 = Files.readString(Path.of("/proc/cpuinfo")).contains(" avx2 ");
        assertEquals(avx2, output.contains("set OPENBLAS_CORETYPE="), output);
        assertTrue(output.contains("nothing stands in the way; " + (avx2 ? 2 : 1) + " warnings"), output);
    }
}
