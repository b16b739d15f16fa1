package org.xecomla.eval.tasks;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import org.apache.hadoop.fs.Path;
import org.xecomla.corpus.text.RecordReader;
import org.xecomla.errors.UserException;
import org.xecomla.files.DataFiles;

/** The rows of a data set's file: JSON lines, a JSON array or Parquet. */
final class TaskFile {
    private TaskFile() {}

    /** @throws UserException where the file is missing, empty or broken, naming the row */
    static List<TaskRow> read(Path file) {
        if (!DataFiles.exists(file)) {
            throw new UserException("no such file of a task: " + DataFiles.display(file));
        }
        List<TaskRow> rows = new ArrayList<>();
        RecordReader.read(file, (record, location) -> {
            JsonNode row = record.get();
            if (!row.isObject()) {
                throw new UserException(
                        location.describe() + " is not a JSON object: a task's file has one on each line");
            }
            return rows.add(new TaskRow(row, location::describe));
        });
        if (rows.isEmpty()) {
            throw new UserException(DataFiles.display(file) + " has no row");
        }
        return rows;
    }
}
