package org.xecomla.eval.tasks;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.apache.hadoop.fs.Path;
import org.xecomla.errors.UserException;
import org.xecomla.files.DataFiles;
import org.xecomla.files.ParquetRows;

/** The rows of a data set's file: Parquet where its name ends so, else a JSON object a line. */
final class TaskFile {
    private TaskFile() {}

    /** @throws UserException where the file is missing, empty or broken, naming the row */
    static List<TaskRow> read(Path file) {
        if (!DataFiles.exists(file)) {
            throw new UserException("no such file of a task: " + DataFiles.display(file));
        }
        List<TaskRow> rows = file.getName().endsWith(".parquet") ? parquet(file) : jsonLines(file);
        if (rows.isEmpty()) {
            throw new UserException(DataFiles.display(file) + " has no row");
        }
        return rows;
    }

    private static List<TaskRow> parquet(Path file) {
        List<TaskRow> rows = new ArrayList<>();
        for (ObjectNode row : ParquetRows.read(file)) {
            rows.add(new TaskRow(row, DataFiles.display(file) + " row " + rows.size()));
        }
        return rows;
    }

    private static List<TaskRow> jsonLines(Path file) {
        ObjectReader json = new ObjectMapper().reader().with(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);
        List<TaskRow> rows = new ArrayList<>();
        int number = 0;
        try (BufferedReader lines =
                new BufferedReader(new InputStreamReader(DataFiles.openStream(file), StandardCharsets.UTF_8))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                number++;
                if (!line.isBlank()) {
                    String where = DataFiles.display(file) + " line " + number;
                    rows.add(new TaskRow(object(json, line, where), where));
                }
            }
        } catch (IOException e) {
            throw new UserException("cannot read " + DataFiles.display(file) + ": " + e.getMessage(), e);
        }
        return rows;
    }

    private static JsonNode object(ObjectReader json, String line, String where) {
        try {
            JsonNode node = json.readTree(line);
            if (!node.isObject()) {
                throw new UserException(where + " is not a JSON object: a task's file has one on each line");
            }
            return node;
        } catch (JsonProcessingException e) {
            throw new UserException(where + " is broken JSON: " + e.getOriginalMessage(), e);
        }
    }
}
