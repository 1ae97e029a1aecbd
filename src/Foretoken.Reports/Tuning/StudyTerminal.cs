using System.Globalization;
using Foretoken.Reports.Hardware;
using Foretoken.Reports.Terminal;
using Foretoken.Tuning.Store;

namespace Foretoken.Reports.Tuning;

/// <summary>What the run store holds, on a terminal.</summary>
public static class StudyTerminal
{
    /// <summary>The name of a state in every output.</summary>
    public static string NameOf(StudyState state) => state switch
    {
        StudyState.Running => "running",
        StudyState.Interrupted => "interrupted",
        StudyState.Finished => "finished",
        _ => throw new ArgumentOutOfRangeException(nameof(state)),
    };

    /// <summary>Every study on a line, newest first.</summary>
    public static void RenderList(IReadOnlyList<StudyInfo> studies, TextWriter to, int width, bool colour)
    {
        if (studies.Count == 0)
        {
            to.Write("The store holds no studies.\n");
            return;
        }

        var table = new TextTable([new("id", 0, Left: true), new("state", 0, Left: true), new("evaluations", 2), new("begun (UTC)", 3, Left: true), new("took", 4), new("best so far", 5, Left: true)]);
        foreach (var study in studies.Reverse())
        {
            table.Add(study.Id, NameOf(study.State), Human.Number(study.Evaluations, 0), Moment(study.Begun), Took(study.WallSeconds), Short(Ink.Clean(study.Best)));
        }

        var text = new StringWriter(CultureInfo.InvariantCulture) { NewLine = "\n" };
        table.Render(text, width, new Ink(colour));
        to.Write(text.ToString());

        static string Short(string best) => best.Length <= 60 ? best : best[..57] + "...";
    }

    /// <summary>A study that is not finished: how far it is, and how to go on.</summary>
    public static void RenderUnfinished(StoredStudy study, TextWriter to, int width, bool colour)
    {
        var ink = new Ink(colour);
        var text = new StringWriter(CultureInfo.InvariantCulture) { NewLine = "\n" };
        text.WriteLine();
        var title = $"{study.Info.Id} | {Ink.Clean(study.Header.Name)}";
        text.WriteLine(ink.Bold(title.Length <= width ? title : title[..width]));
        text.WriteLine(ink.Warn(NameOf(study.Info.State)) + (study.Info.Owner is { } owner ? $", {owner}" : ""));
        (string Name, string Value)[] rows =
        [
            ("evaluations", Human.Number(study.Evaluations.Count, 0)),
            ("candidates", Human.Number(study.Evaluations.Select(e => e.Key.Candidate).Distinct().Count(), 0)),
            ("simulated", $"{Human.Number(study.Evaluations.Sum(e => e.SimulatedSeconds) / 3600)} h"),
            ("on real GPUs", $"{Human.Number(study.Evaluations.Sum(e => e.GpuHours), 0)} GPU hours"),
            ("begun", Moment(study.Info.Begun) + " UTC"),
            ("took so far", Took(study.Info.WallSeconds)),
            ("seed", study.Header.Seed.ToString(CultureInfo.InvariantCulture)),
            ("Foretoken", study.Header.Version),
        ];
        foreach (var (name, value) in rows)
        {
            text.WriteLine($"  {name.PadRight(12)}  {value}");
        }

        if (study.Info.Best.Length > 0)
        {
            Paragraph.Write(text, "Best so far: " + Ink.Clean(study.Info.Best), width);
        }

        if (study.Info.State == StudyState.Interrupted)
        {
            Paragraph.Write(text, "To go on: the same 'foretoken tune' command with --resume.", width);
        }

        to.Write(text.ToString());
    }

    // A study that was killed before its first note does not know.
    private static string Took(double seconds) => seconds > 0 ? Human.Duration(seconds) : "-";

    private static string Moment(DateTimeOffset moment) => moment.UtcDateTime.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture);
}
