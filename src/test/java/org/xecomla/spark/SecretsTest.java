package org.xecomla.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.xecomla.config.RunConfig;
import org.xecomla.report.RunRecord;
import org.xecomla.spark.stage.Stages;
import org.xecomla.spark.submit.SubmitConf;

/** Keys of storage and other secrets of {@code spark.conf} stand in nothing that a run writes or says. */
@Tag("spark")
class SecretsTest {
    private static final String HIDDEN = "Zx9-not-to-be-seen";
    private static final List<String> KEYS = List.of(
            "spark.hadoop.fs.s3a.secret.key",
            "spark.hadoop.fs.s3a.session.token",
            "spark.hadoop.fs.s3a.encryption.key",
            "spark.hadoop.fs.azure.account.key.a.blob.core.windows.net",
            "spark.hadoop.fs.azure.sas.c.a.blob.core.windows.net",
            "spark.hadoop.fs.azure.account.oauth2.client.secret",
            "spark.hadoop.fs.gs.auth.service.account.private.key",
            "spark.ssl.historyServer.keyPassword",
            "spark.hadoop.javax.jdo.option.ConnectionPassword",
            "spark.hadoop.some.passphrase",
            "spark.hadoop.some.credential");

    @RegisterExtension
    static final SparkProperties SPARK = new SparkProperties();

    @TempDir
    Path dir;

    @Test
    void nothingThatIsWrittenHoldsThem() throws Exception {
        Path events = Files.createDirectories(dir.resolve("events"));
        SPARK.set("spark.eventLog.enabled", "true");
        SPARK.set("spark.eventLog.dir", events.toUri().toString());
        Map<String, String> settings = TinyRun.in(dir).settings("run", 1);
        List<String> words = new ArrayList<>(List.of("submit/xecomla", "run"));
        for (String key : KEYS) {
            SPARK.set(key, HIDDEN + " with blanks");
            settings.put("spark.conf.\"" + key + "\"", HIDDEN + " with blanks");
            words.addAll(List.of("-D", "spark.conf." + key + "=" + HIDDEN + " with blanks"));
        }
        RunConfig config = RunConfig.ofOverrides(settings);
        SPARK.set(SubmitConf.CONFIGURATION, config.toJson()); // as a driver on the cluster is given it
        List<String> lines = new ArrayList<>();
        new Pipeline(config, RunRecord.command(words), lines::add).run(Stages.ofRun());

        List<Path> written = new ArrayList<>();
        for (Path root : List.of(dir.resolve("run"), events)) {
            try (Stream<Path> files = Files.walk(root)) {
                files.filter(Files::isRegularFile).forEach(written::add);
            }
        }
        assertTrue(written.stream().anyMatch(file -> file.endsWith("report.html")), written::toString);
        assertTrue(written.stream().anyMatch(file -> file.startsWith(events)), written::toString);
        List<Path> telling = new ArrayList<>();
        for (Path file : written) {
            if (new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1).contains(HIDDEN)) {
                telling.add(file);
            }
        }
        assertEquals(List.of(), telling);
        assertEquals(
                List.of(), lines.stream().filter(line -> line.contains(HIDDEN)).toList());
    }
}
