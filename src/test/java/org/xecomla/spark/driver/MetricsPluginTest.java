package org.xecomla.spark.driver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.xecomla.config.RunConfig;
import org.xecomla.spark.submit.SubmitConf;

/** What a Prometheus sees that scrapes the driver while a task trains. */
@Tag("spark")
class MetricsPluginTest {
    @TempDir
    private Path dir;

    /** As spark-submit would be told, with the user interface that a test needs and heartbeats that it can await. */
    private static SparkConf conf() {
        SparkConf conf = new SparkConf().setMaster("local[1]").setAppName("MetricsPluginTest");
        SubmitConf.Application application = new SubmitConf.Application("app.jar", List.of(), ".");
        List<String> said =
                SubmitConf.arguments(RunConfig.ofOverrides(Map.of()).spark(), "local[1]", false, application, Map.of());
        said.stream()
                .filter(word -> word.startsWith("spark.plugins=") || word.startsWith("spark.metrics.conf."))
                .forEach(word -> conf.set(word.split("=", 2)[0], word.split("=", 2)[1]));
        return conf.set("spark.ui.enabled", "true")
                .set("spark.ui.port", "0")
                .set("spark.executor.heartbeatInterval", "200ms");
    }

    @Test
    @Timeout(120)
    void gaugesFollowTheTraining() throws Exception {
        String flag = dir.resolve("seen").toString();
        try (JavaSparkContext spark = new JavaSparkContext(conf())) {
            ProgressAccumulator accumulator = new ProgressAccumulator();
            spark.sc().register(accumulator, ProgressAccumulator.NAME);
            URI metrics = URI.create(spark.sc().uiWebUrl().get()).resolve("/metrics/prometheus/");
            assertEquals(0, await(metrics, "train_step", 0));
            CompletableFuture<Void> training = CompletableFuture.runAsync(
                    () -> spark.parallelize(List.of(1), 1).foreach(one -> {
                        for (int i = 1; !Files.exists(Path.of(flag)); i++) {
                            accumulator.add(new Progress(Math.min(i, 40), 100, 640, 2.5, 1000L * i));
                            TimeUnit.MILLISECONDS.sleep(10);
                        }
                    }));
            assertEquals(40, await(metrics, "train_step", 40));
            assertEquals(100, await(metrics, "train_num_steps", 100));
            assertEquals(640, await(metrics, "train_tokens", 640));
            assertEquals(2.5, await(metrics, "train_loss", 2.5));
            Files.writeString(Path.of(flag), "");
            training.get(60, TimeUnit.SECONDS);
        }
    }

    /** Asks until the gauge has the value. */
    private static double await(URI metrics, String gauge, double value) throws Exception {
        Pattern line = Pattern.compile("(?m)^\\S*" + gauge + "_Value\\S*? (\\S+)$");
        while (true) {
            HttpRequest request = HttpRequest.newBuilder(metrics).build();
            String text = HttpClient.newHttpClient()
                    .send(request, HttpResponse.BodyHandlers.ofString())
                    .body();
            Matcher matcher = line.matcher(text);
            assertTrue(matcher.find(), () -> "no " + gauge + " in: " + text);
            if (Double.parseDouble(matcher.group(1)) == value) {
                return value;
            }
            TimeUnit.MILLISECONDS.sleep(50);
        }
    }
}
