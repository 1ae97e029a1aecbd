using System.CommandLine;
using System.Globalization;
using Foretoken.Quantities;
using Foretoken.Reports.Files;
using Foretoken.Reports.Perfetto;
using Foretoken.Twin;
using Foretoken.Twin.Scenarios.Fields;
using Foretoken.Twin.Tracing;

namespace Foretoken.Cli.Simulation;

/// <summary>The options of those who want to hear what happens inside a run.</summary>
internal sealed class ListenOptions
{
    private readonly Option<string?> _explain = new("--explain-request")
    {
        Description = "Tell one request's whole life in words, and where its time went (the index in requests.csv).",
        HelpName = "ID",
    };

    private readonly Option<string?> _perfetto = new("--perfetto")
    {
        Description = "Write what happened as Chrome trace events, for ui.perfetto.dev: steps, load, requests with their phases.",
        HelpName = "FILE",
    };

    private readonly Option<string?> _from = new("--perfetto-from") { Description = "Nothing before this simulated time in that file, for example 10m.", HelpName = "DURATION" };
    private readonly Option<string?> _to = new("--perfetto-to") { Description = "Nothing after this simulated time in that file.", HelpName = "DURATION" };

    private readonly Option<string?> _events = new("--perfetto-events")
    {
        Description = $"Cut that file off after so many events ({PerfettoOptions.EventsMaxDefault}).",
        HelpName = "N",
    };

    public void AddTo(Command command)
    {
        command.Add(_explain);
        command.Add(_perfetto);
        command.Add(_from);
        command.Add(_to);
        command.Add(_events);
    }

    /// <summary>Whoever listens to a run of this plan.</summary>
    /// <exception cref="InputException">An option cannot be used.</exception>
    public Listening Prepare(ParseResult parsed, RunPlan plan, string scenario)
    {
        var problems = new List<Problem>();
        var explained = parsed.GetValue(_explain);
        var life = explained is not null ? Life(explained, plan.Source.Count, problems) : null;
        var options = Perfetto(parsed, problems);
        if (problems.Count > 0)
        {
            throw new InputException(problems);
        }

        if (parsed.GetValue(_perfetto) is not { } path)
        {
            return new Listening(life, explained, null, null);
        }

        var file = NewFile.Create(path);
        return new Listening(life, explained, new PerfettoTrace(options, scenario, file.Append), file) { Path = path };
    }

    private static LifeTrace? Life(string id, long count, List<Problem> problems)
    {
        var range = count > 0 ? $"the run's requests are 0 to {count - 1}" : "the run's requests are numbered from 0, as in requests.csv";
        if (!int.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out var request))
        {
            problems.Add(new($"--explain-request {id}", "is no request's number", range));
            return null;
        }

        if (count >= 0 && request >= count)
        {
            problems.Add(new($"--explain-request {id}", "there is no such request", range));
            return null;
        }

        return new LifeTrace(request);
    }

    private PerfettoOptions Perfetto(ParseResult parsed, List<Problem> problems)
    {
        var options = new PerfettoOptions
        {
            From = Time(parsed, _from, problems) ?? SimTime.Zero,
            To = Time(parsed, _to, problems) ?? SimTime.Never,
        };
        if (options.To <= options.From)
        {
            problems.Add(new($"--perfetto-to {parsed.GetValue(_to)}", "is not after --perfetto-from", "leave one of them out, or give a later time"));
        }

        if (parsed.GetValue(_events) is { } events)
        {
            if (UnitTable.Count.TryRead(events, out var count, out var problem, $"--perfetto-events {events}") && count is >= 1 and <= int.MaxValue && count == Math.Floor(count))
            {
                options = options with { EventsMax = (int)count };
            }
            else
            {
                problems.Add(problem ?? new($"--perfetto-events {events}", "is out of range", "a whole number of at least 1"));
            }
        }

        if (parsed.GetValue(_perfetto) is null)
        {
            foreach (var option in new[] { _from, _to, _events }.Where(o => parsed.GetValue(o) is not null))
            {
                problems.Add(new(option.Name, "decides nothing without --perfetto", "add --perfetto FILE, or remove it"));
            }
        }

        return options;
    }

    private static SimTime? Time(ParseResult parsed, Option<string?> option, List<Problem> problems)
    {
        if (parsed.GetValue(option) is not { } written)
        {
            return null;
        }

        if (!UnitTable.Duration.TryRead(written, out var nanoseconds, out var problem, $"{option.Name} {written}"))
        {
            problems.Add(problem!);
            return null;
        }

        if (nanoseconds is < 0 or >= long.MaxValue)
        {
            problems.Add(new($"{option.Name} {written}", "is out of range", "a time since the start of the run"));
            return null;
        }

        return new SimTime((long)nanoseconds);
    }
}
