package org.xecomla.spark.stage;

import java.util.List;
import org.xecomla.files.DataFiles;
import org.xecomla.spark.driver.StageContext;

/** What there is of the run, drawn as one page: a file, made anew every time. */
final class ReportStage extends SparkStage {
    static final String NAME = "report";

    ReportStage() {
        super(NAME, NAME, List.of(), layout -> List.of());
    }

    @Override
    public boolean showsRecord() {
        return true;
    }

    @Override
    public void run(StageContext context) {
        String page = DataFiles.display(Stages.report(context.layout().dir()));
        context.say(NAME, "the run on one page: " + page);
    }
}
