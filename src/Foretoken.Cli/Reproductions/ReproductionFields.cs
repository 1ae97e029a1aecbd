using Foretoken.Twin.Scenarios.Fields;

namespace Foretoken.Cli.Reproductions;

/// <summary>Every key of a <c>reproduction.yaml</c>.</summary>
internal static class ReproductionFields
{
    public static readonly Field<string> Title = Text("title", "What was found, in a line.", "a text", required: true);
    public static readonly Field<string> Source = Text("source", "Who published it, where and when.", "a text", required: true);
    public static readonly Field<string> Claim = Text("claim", "What the source says.", "a text", required: true);
    public static readonly Field<string> Conditions = Text("conditions", "Under which conditions, as far as the source tells, and what was assumed for the rest.", "a text", required: true);
    public static readonly Field<string> Word = Text("word", "An honest word on the difference.", "a text", required: true);

    /// <summary>A data file that nobody may ship.</summary>
    internal static class Files
    {
        public static readonly Field<string> Name = Text("name", "The file's name.", "a file", required: true);
        public static readonly Field<string> From = Text("from", "Where it is to be had.", "an address", required: true);
        public static readonly Section Section = new() { Meaning = "A data file that has to be fetched.", Fields = [Name, From] };
    }

    /// <summary>An axis of a sweep.</summary>
    internal static class Axis
    {
        public static readonly Field<string> Name = Text("name", "What stands in braces in 'set'.", "a name", required: true);
        public static readonly Field<IReadOnlyList<string>> Values = new(new ListType<string>(new TextType("a value"), 1)) { Name = "values", Meaning = "The values that it takes.", Required = true };
        public static readonly Section Section = new() { Meaning = "An axis of a sweep.", Fields = [Name, Values] };
    }

    /// <summary>A run, or a sweep of runs.</summary>
    internal static class Run
    {
        public static readonly Field<string> Name = Text("name", "What figures call it.", "a name", required: true);
        public static readonly Field<string> Scenario = Text("scenario", "Scenario file beside this one.", "a file", required: true);
        public static readonly Field<IReadOnlyList<string>> Set = new(new ListType<string>(new TextType("path=value"))) { Name = "set", Meaning = "Changes, as with --set; {axis} stands for the axis's value.", DefaultText = "none" };
        public static readonly Field<string> Trace = Text("trace", "One of 'files', replayed in place of the scenario's traffic.", "a file");
        public static readonly Field<IReadOnlyList<Bound>> Sweep = new(new ListType<Bound>(new SectionType(Axis.Section))) { Name = "sweep", Meaning = "Axes: a run for every combination of their values.", DefaultText = "one run" };
        public static readonly Section Section = new() { Meaning = "A run, or a sweep of runs.", Fields = [Name, Scenario, Set, Trace, Sweep] };
    }

    /// <summary>What figures and tables share.</summary>
    internal static class Figure
    {
        public static readonly Field<string> Name = Text("name", "What it is.", "a text", required: true);
        public static readonly Field<string> Of = Text("of", "The run: server, or server[8] in a sweep, server[*] for all values of the axis.", "a run", required: true);
        public static readonly Field<string> Against = Text("against", "Another run to compare it with.", "a run");

        public static readonly Field<string> As = new(new ChoiceType(
            ("ratio", "of / against"),
            ("change", "of / against - 1"),
            ("difference", "of - against")))
        {
            Name = "as",
            Meaning = "How it is compared.",
            Default = "ratio",
        };

        public static readonly Field<string?> Take = new(new ChoiceType(
            ("max", "the highest value over the axis"),
            ("min", "the lowest value over the axis"),
            ("where_max", "the axis's value where it is highest"),
            ("where_min", "the axis's value where it is lowest"))!)
        {
            Name = "take",
            Meaning = "What to take of the values over an axis.",
            DefaultText = "not set",
        };

        public static readonly Field<string> Metric = Text("metric", "Tag of the metric (docs/results.md).", "a metric's tag", required: true);
        public static readonly Field<string> Statistic = Text("statistic", "avg, min, max, std, p50 and the like; only for metrics of many values.", "a statistic");
        public static readonly Field<string> Unit = Text("unit", "Unit of the numbers: s, ms or us for times, else the metric's own.", "a unit");
        public static readonly Field<double?> Published = new(new OptionalType<double>(new NumberType(UnitTable.Number, double.NegativeInfinity))) { Name = "published", Meaning = "The source's number; left out where it gives none.", DefaultText = "not set" };
        public static readonly Field<double?> PublishedTo = new(new OptionalType<double>(new NumberType(UnitTable.Number, double.NegativeInfinity))) { Name = "published_to", Meaning = "The high end, where the source gives a range.", DefaultText = "not set" };
        public static readonly Field<double?> Within = new(new OptionalType<double>(new NumberType(UnitTable.Number))) { Name = "within", Meaning = "A difference that still counts as agreement: a share of the published number, or for shares and changes that many points (0.05 is 5 points).", DefaultText = "not judged" };
        public static readonly Section Section = new() { Meaning = "A number.", Fields = [Name, Of, Against, As, Take, Metric, Statistic, Unit, Published, PublishedTo, Within] };
        public static readonly Section Table = new() { Meaning = "Numbers over one or two axes.", Fields = [Name, Of, Against, As, Metric, Statistic, Unit] };
    }

    public static readonly Field<IReadOnlyList<Bound>> FileList = List("files", "Data files that have to be fetched.", Files.Section);
    public static readonly Field<IReadOnlyList<Bound>> Runs = List("runs", "The runs.", Run.Section, 1);
    public static readonly Field<IReadOnlyList<Bound>> Figures = List("figures", "The numbers to print, the published beside ours.", Figure.Section, 1);
    public static readonly Field<IReadOnlyList<Bound>> Tables = List("tables", "Numbers over an axis or two.", Figure.Table);

    /// <summary>The root.</summary>
    public static readonly Section Root = new()
    {
        Meaning = "A published finding, played again.",
        Fields = [Title, Source, Claim, Conditions, FileList, Runs, Figures, Tables, Word],
    };

    private static Field<string> Text(string name, string meaning, string what, bool required = false) =>
        new(new TextType(what)) { Name = name, Meaning = meaning, Required = required, DefaultText = "not set" };

    private static Field<IReadOnlyList<Bound>> List(string name, string meaning, Section section, int minCount = 0) =>
        new(new ListType<Bound>(new SectionType(section), minCount)) { Name = name, Meaning = meaning, Required = minCount > 0, DefaultText = "none" };
}
