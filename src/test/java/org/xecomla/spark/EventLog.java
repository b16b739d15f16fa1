package org.xecomla.spark;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;

/** What Spark has written down of an application. */
final class EventLog {
    private EventLog() {}

    /** The configuration that has Spark write into {@code directory}. */
    static Map<String, String> settings(Path directory) {
        return Map.of(
                "spark.conf.spark.eventLog.enabled",
                "true",
                "spark.conf.spark.eventLog.dir",
                directory.toUri().toString());
    }

    /** All events of the applications that wrote into {@code directory}. */
    static List<JsonNode> read(Path directory) throws Exception {
        List<JsonNode> events = new ArrayList<>();
        ObjectMapper json = new ObjectMapper();
        try (Stream<Path> logs = Files.walk(directory)) {
            for (Path log : logs.filter(Files::isRegularFile)
                    .filter(path -> !path.toString().endsWith(".crc"))
                    .toList()) {
                for (String line : Files.readAllLines(log)) {
                    events.add(json.readTree(line));
                }
            }
        }
        return events;
    }

    /**
     * The executors that tasks of each of a run's stages ended on; stages of Spark's whose job says no stage are left
     * out.
     */
    static Map<String, Set<String>> executorsOfStage(List<JsonNode> events) {
        Map<Integer, String> names = new HashMap<>();
        Map<String, Set<String>> executors = new TreeMap<>();
        for (JsonNode event : events) {
            switch (event.path("Event").asText()) {
                case "SparkListenerStageSubmitted" -> {
                    String job = event.at("/Properties/spark.job.description").asText();
                    names.put(event.at("/Stage Info/Stage ID").asInt(), job.replaceAll(":.*", ""));
                }
                case "SparkListenerTaskEnd" -> {
                    String stage = names.getOrDefault(event.path("Stage ID").asInt(), "");
                    executors
                            .computeIfAbsent(stage, name -> new TreeSet<>())
                            .add(event.at("/Task Info/Executor ID").asText());
                }
                default -> {}
            }
        }
        executors.remove("");
        return executors;
    }
}
