package org.xecomla.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.w3c.dom.Document;
import org.w3c.dom.NodeList;
import org.xecomla.config.RunConfig;
import org.xecomla.errors.UserException;
import org.xecomla.files.DataFiles;
import org.xecomla.spark.stage.Stages;

class RunReportTest {
    @TempDir
    private Path dir;

    private String html() throws Exception {
        SampleRun.write(dir);
        Stages.report(DataFiles.path(dir.toString()));
        return Files.readString(dir.resolve(RunReport.FILE));
    }

    private static List<String> texts(Document page, String tag) {
        NodeList nodes = page.getElementsByTagName(tag);
        return IntStream.range(0, nodes.getLength())
                .mapToObj(i -> nodes.item(i).getTextContent())
                .toList();
    }

    @Test
    void showsEverythingOfARun() throws Exception {
        String html = html();
        Document page = DocumentBuilderFactory.newInstance()
                .newDocumentBuilder()
                .parse(new ByteArrayInputStream(html.getBytes(StandardCharsets.UTF_8)));
        assertEquals(
                List.of("Result", "Frontier", "Decoding", "Training: distill", "Stages", "Configuration", "Digests"),
                texts(page, "h2"));
        assertEquals(8, page.getElementsByTagName("svg").getLength()); // two, two, four curves
        List<String> cells = new ArrayList<>(texts(page, "td"));
        assertTrue(
                cells.containsAll(List.of("distilled", "0.0193", "25.0 %", "xecomla-320", "54.0000")), cells::toString);
        assertTrue(cells.containsAll(List.of("slower, 0.90x", "faster, 1.50x", "163,840")), cells::toString);
        assertEquals(List.of(SampleRun.COMMAND), texts(page, "pre"));
        assertTrue(texts(page, "dt").contains("upcycle.method"));
        assertTrue(texts(page, "dd")
                .contains(DataFiles.sha256(DataFiles.path(
                        dir.resolve("distill/step-000400/model.safetensors").toString()))));
    }

    @Test
    void needsNoOtherFileAndFollowsTheReadersMode() throws Exception {
        String html = html();
        for (String outside : List.of("http:", "https:", "src=", "href=", "url(", "@import", "<script", "<link")) {
            assertFalse(html.contains(outside), outside);
        }
        assertTrue(html.contains("prefers-color-scheme:dark"));
        assertTrue(html.contains("name=\"viewport\""));
    }

    @Test
    void drawsARunThatIsNotFinished() throws Exception {
        SampleRun.write(dir);
        Files.delete(dir.resolve("distill/_SUCCESS"));
        Files.delete(dir.resolve("run.json"));
        Files.createDirectories(dir.resolve("distill/metrics"));
        Files.move(dir.resolve("distill/metrics.jsonl"), dir.resolve("distill/metrics/step-000000400.jsonl"));
        for (String later : List.of("eval", "frontier", "decode")) {
            DataFiles.delete(DataFiles.path(dir.resolve(later).toString()));
        }
        Stages.report(DataFiles.path(dir.toString()));
        String html = Files.readString(dir.resolve(RunReport.FILE));
        assertTrue(html.contains("in part"));
        assertTrue(html.contains("Training: distill"));
        assertFalse(html.contains("<h2>Result"));
        assertTrue(html.contains("<dt>distill.key</dt>"));
    }

    @Test
    void refusesADirectoryWithoutARun() {
        UserException e = assertThrows(UserException.class, () -> Stages.report(DataFiles.path(dir.toString())));
        assertTrue(e.getMessage().endsWith("holds no stage of a run: name the run.dir of one"), e.getMessage());
        assertFalse(Files.exists(dir.resolve(RunReport.FILE)));
    }

    @Test
    void aRecordKeepsEveryCommandOnce() {
        org.apache.hadoop.fs.Path path = DataFiles.path(dir.toString());
        RunRecord.note(path, "shard", "1", Map.of("a", "1"));
        RunRecord.note(path, "run", "1", Map.of("a", "2"));
        RunRecord.note(path, "run", "2", Map.of("a", "2"));
        assertEquals(
                new RunRecord(List.of("shard", "run"), "2", Map.of("a", "2")),
                RunRecord.read(path).orElseThrow());
    }

    /** It is not worth a run that has worked. */
    @Test
    void aBrokenRecordBeginsAnew() {
        org.apache.hadoop.fs.Path path = DataFiles.path(dir.toString());
        for (String broken : List.of("null", "{", "{\"commands\":null}", "[]", "{\"commands\":[null]}")) {
            DataFiles.writeString(new org.apache.hadoop.fs.Path(path, RunRecord.FILE), broken);
            UserException e = assertThrows(UserException.class, () -> RunRecord.read(path), broken);
            assertTrue(e.getMessage().contains("run.json is not a run's record: "), e.getMessage());
            assertFalse(e.getMessage().contains("xecomla.report"), e.getMessage());
            RunRecord.note(path, "run", "2", Map.of("a", "2"));
            assertEquals(List.of("run"), RunRecord.read(path).orElseThrow().commands());
        }
    }

    @Test
    void aRecordHoldsNoKeysToStorage() {
        org.apache.hadoop.fs.Path path = DataFiles.path(dir.toString());
        RunConfig config = RunConfig.ofOverrides(Map.of(
                "spark.conf.spark.hadoop.fs.s3a.secret.key", "hush",
                "spark.conf.spark.hadoop.fs.s3a.access.key", "hush",
                "spark.conf.spark.hadoop.fs.s3a.encryption.key", "hush",
                "spark.conf.spark.hadoop.fs.gs.auth.service.account.private.key", "hush",
                "spark.conf.spark.ui.enabled", "false",
                "distill.tokens", "5000"));
        RunRecord.note(
                path,
                RunRecord.command(List.of(
                        "run",
                        "-D",
                        "spark.conf.spark.hadoop.fs.s3a.secret.key=hush hush\nhush",
                        "-Dspark.conf.spark.hadoop.fs.azure.account.key.x.blob.core.windows.net=hush",
                        "-Ddistill.tokens=5",
                        "-Drun.dir=/a 'b'")),
                "1",
                config.settings());
        RunRecord record = RunRecord.read(path).orElseThrow();
        assertFalse(record.toString().contains("hush"), record::toString);
        assertTrue(record.settings().containsValue("(hidden)"), record::toString);
        assertEquals("5000", record.settings().get("distill.tokens"));
        assertEquals(
                List.of("submit/xecomla run -D 'spark.conf.spark.hadoop.fs.s3a.secret.key=(hidden)'"
                        + " '-Dspark.conf.spark.hadoop.fs.azure.account.key.x.blob.core.windows.net=(hidden)'"
                        + " -Ddistill.tokens=5 '-Drun.dir=/a '\\''b'\\'''"),
                record.commands());
    }

    @Test
    void frontierAndDecodeSweepAreReadAsWritten() {
        assertEquals(
                SampleRun.frontier(), Frontier.fromJson(SampleRun.frontier().toJson()));
        assertEquals(SampleRun.decode(), DecodeSweep.fromJson(SampleRun.decode().toJson()));
        assertThrows(UserException.class, () -> Frontier.fromJson("[]"));
        assertTrue(SampleRun.decode().toText().contains("the student is slower in 1 of 2 cells"));
    }
}
