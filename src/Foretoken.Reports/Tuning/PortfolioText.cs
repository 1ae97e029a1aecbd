using System.Globalization;
using Foretoken.Reports.Hardware;
using Foretoken.Reports.Terminal;
using Foretoken.Tuning.Portfolio;

namespace Foretoken.Reports.Tuning;

/// <summary>A portfolio in words and a table: on a terminal, and as Markdown for a file.</summary>
public static class PortfolioText
{
    /// <summary>Renders for a terminal of <paramref name="width"/> columns.</summary>
    public static void Render(PortfolioResult result, TextWriter to, int width, bool colour)
    {
        var ink = new Ink(colour);
        width = Math.Max(TuningTerminal.WidthMin, width);
        var text = new StringWriter(CultureInfo.InvariantCulture) { NewLine = "\n" };
        text.WriteLine();
        text.WriteLine(ink.Bold("Portfolio"));
        foreach (var sentence in Sentences(result))
        {
            Paragraph.Write(text, Ink.Clean(sentence), width, "  ", "  ");
        }

        var (heads, rows) = Table(result);

        // What was chosen matters more on a narrow terminal than what the requests are like.
        int[] importance = [0, 1, 6, 5, 5, 7, 4, 2, 2, 3];
        var table = new TextTable([.. heads.Select((h, i) => new TextTable.Column(h, i < importance.Length ? importance[i] : i, Left: i is 0 or 6))]);
        foreach (var row in rows)
        {
            table.Add([.. row.Select(Ink.Clean)]);
        }

        table.Render(text, width, ink);
        foreach (var sentence in Switching(result))
        {
            Paragraph.Write(text, Ink.Clean(sentence), width, "  ", "  ");
        }

        to.Write(text.ToString());
    }

    /// <summary>The same as Markdown.</summary>
    public static string Markdown(PortfolioResult result)
    {
        var text = new StringWriter(CultureInfo.InvariantCulture) { NewLine = "\n" };
        text.WriteLine($"# Portfolio of {Cell(result.Name)}");
        text.WriteLine();
        foreach (var sentence in Sentences(result))
        {
            text.WriteLine($"- {Cell(sentence)}");
        }

        var (heads, rows) = Table(result);
        text.WriteLine();
        text.WriteLine($"| {string.Join(" | ", heads)} |");
        text.WriteLine($"|{string.Concat(heads.Select(_ => "---|"))}");
        foreach (var row in rows)
        {
            text.WriteLine($"| {string.Join(" | ", row.Select(Cell))} |");
        }

        text.WriteLine();
        foreach (var sentence in Switching(result))
        {
            text.WriteLine($"- {Cell(sentence)}");
        }

        return text.ToString();
    }

    /// <summary>What came out, in sentences.</summary>
    public static IReadOnlyList<string> Sentences(PortfolioResult result)
    {
        if (result.Classes.Count < 2)
        {
            return ["The traffic is of one kind: no cut of it is clearer than one through a single cloud, so there is no portfolio."];
        }

        var from = result.IsNamed ? "as the workload names them" : $"by length, sessions and shared prefixes; how clear the cut is: {Human.Number(result.Silhouette, 2)} of 1";
        var said = new List<string> { $"{Human.Number(result.Classes.Count, 0)} classes, {from}." };
        if (result.Shared is not { } shared || result.Together is not { } together)
        {
            said.Add("Nothing could be run for all of the traffic or for one of the classes, so nothing is compared.");
            return said;
        }

        var (one, many) = ($"{Gpus(shared.Gpus)}{Price(shared.HourPrice)}", $"{Gpus(together.Gpus)}{Price(together.HourPrice)}");
        said.Add($"One shared configuration: {one}, keeps the SLO with {MeasureText.Probability(shared.SloProbability)}. A deployment for each class: {many}, all keep it with {MeasureText.Probability(together.SloProbability)} if they are independent.");
        said.Add(Verdict(shared, together));
        if (result.Objectives.Count > 0 && double.IsFinite(together.Objectives[0]) && double.IsFinite(shared.Objectives[0]))
        {
            var first = result.Objectives[0];
            var loss = first.Cost(shared.Objectives[0]) - first.Cost(together.Objectives[0]);
            var measure = first.Measure;
            said.Add($"{MeasureText.Name(measure)}: {MeasureText.Value(measure, shared.Objectives[0])} shared, {MeasureText.Value(measure, together.Objectives[0])} together: the shared one {(loss > 0 ? "loses " + MeasureText.Value(measure, loss) : loss < 0 ? "is better by " + MeasureText.Value(measure, -loss) : "is as good")}.");
        }

        foreach (var deployment in result.Deployments)
        {
            if (deployment.MissesInShared is { Count: > 0 } misses)
            {
                said.Add($"In the shared configuration {deployment.Class.Name} on its own would miss {string.Join(" and ", misses.Select(m => $"{MeasureText.Name(m.Key.Measure)} ({(double.IsFinite(m.Value) ? Human.Percent(m.Value) + " off" : "no value")})"))}; the portfolio holds every class to every bound.");
            }
        }

        said.Add("The budget holds for each deployment, not for their sum. Classes were searched with fewer candidates than the whole.");
        return said;
    }

    private static string Verdict(Side shared, Side together)
    {
        if (!shared.MeetsSlo || !together.MeetsSlo)
        {
            return $"{(shared.MeetsSlo ? "The shared configuration keeps the SLO and the portfolio does not" : together.MeetsSlo ? "The portfolio keeps the SLO and the shared configuration does not" : "Neither keeps the SLO")}: their prices do not compare at an equal SLO.";
        }

        var priced = double.IsFinite(shared.HourPrice) && double.IsFinite(together.HourPrice);
        var (one, many) = priced ? (shared.HourPrice, together.HourPrice) : (shared.Gpus, together.Gpus);
        var apart = Math.Abs(one - many);
        var told = priced ? $"{Dollars(apart)} an hour" : Gpus((int)apart);
        return apart < 1e-9 * one ? "Both cost the same."
            : many < one ? $"The shared configuration loses {told} ({Human.Percent(apart / one)}) against the portfolio."
            : $"The portfolio is worse, by {told} ({Human.Percent(apart / one)}): every deployment needs room for its own bursts, which one pool shares.";
    }

    /// <summary>The classes, one in a row.</summary>
    internal static (string[] Heads, List<string[]> Rows) Table(PortfolioResult result)
    {
        string[] heads = ["class", "requests", "tokens", "in", "out", "shared prefix", "own deployment", "GPUs", "$/h", "SLO", .. result.Objectives.Select(o => MeasureText.ShortName(o.Measure)), .. result.Objectives.Select(o => MeasureText.ShortName(o.Measure) + " if shared")];
        var rows = new List<string[]>();
        foreach (var own in result.Classes)
        {
            var deployment = result.Deployments.FirstOrDefault(d => d.Class == own);
            string[] statistics = [own.Name, Human.Percent(own.RequestShare), Human.Percent(own.TokenShare), Human.Number(own.InputTokens, 0), Human.Number(own.OutputTokens, 0), Human.Percent(own.SharedPrefix)];
            rows.Add(deployment is null
                ? [.. statistics, .. heads[statistics.Length..].Select(_ => "-")]
                : [
                    .. statistics, deployment.Own.Title, Human.Number(deployment.Own.Gpus, 0), Dollars(deployment.HourPrice), MeasureText.Probability(deployment.Own.SloProbability),
                    .. result.Objectives.Select((o, i) => MeasureText.Value(o.Measure, deployment.Own.Objectives[i].Value)),
                    .. result.Objectives.Select((o, i) => double.IsFinite(deployment.InShared[i]) ? MeasureText.Value(o.Measure, deployment.InShared[i]) : "-"),
                ]);
        }

        return (heads, rows);
    }

    /// <summary>What it takes to get from the shared deployment to the others, in sentences.</summary>
    internal static List<string> Switching(PortfolioResult result)
    {
        var said = new List<string>();
        foreach (var deployment in result.Deployments)
        {
            var cost = deployment.Switch;
            var changes = cost.Changes.Count == 0 ? "no setting differs" : string.Join(", ", cost.Changes.Select(c => $"{c.Knob} {c.From} -> {c.To}"));
            said.Add(cost.ReloadedGpus == 0
                ? $"Switching to {deployment.Class.Name}: nothing to start, {Gpus(cost.KeptGpus)} kept as they are ({changes})."
                : $"Switching to {deployment.Class.Name}: {Gpus(cost.ReloadedGpus)} to start in {Human.Duration(cost.Seconds)}, {Human.Number(cost.GpuSeconds, 0)} GPU seconds{(double.IsFinite(cost.Cost) ? ", " + Dollars(cost.Cost) : "")}; {Gpus(cost.KeptGpus)} kept ({changes}).");
        }

        if (result is { Shared: { MeetsSlo: true } shared, Together: { MeetsSlo: true } together } && shared.HourPrice - together.HourPrice is > 0 and var gain)
        {
            var total = result.Deployments.Sum(d => d.Switch.Cost);
            said.Add(total == 0 ? "The switch costs nothing." : $"The switch pays for itself in {Human.Duration(total / gain * 3600)}.");
        }

        return said;
    }

    internal static string Gpus(int gpus) => gpus == 1 ? "1 GPU" : Human.Number(gpus, 0) + " GPUs";

    private static string Price(double price) => double.IsFinite(price) ? $" at {Dollars(price)} an hour" : "";

    internal static string Dollars(double value) => double.IsFinite(value) ? "$" + Human.Number(value, 2) : "-";

    private static string Cell(string text) => Ink.Clean(text).Replace("|", "\\|", StringComparison.Ordinal);
}
