using Foretoken.Quantities;
using Foretoken.Twin.Scenarios.Documents;

namespace Foretoken.Twin.Scenarios.Fields;

/// <summary>Collects what is wrong while a tree is read, so that a user sees every problem at once.</summary>
/// <param name="root">The whole description, to tell where a misplaced key belongs; null when there is nothing to tell.</param>
public sealed class BindContext(Section? root = null)
{
    private readonly List<(Origin Origin, Problem Problem)> _problems = [];

    /// <summary>The whole description.</summary>
    public Section? Root { get; } = root;

    /// <summary>
    /// Problems so far: those of the file in the order of its lines, then those of options in the order in which they came up.
    /// </summary>
    public IReadOnlyList<Problem> Problems =>
        [.. _problems
            .OrderBy(p => p.Origin.IsFile ? 0 : 1)
            .ThenBy(p => p.Origin.Line)
            .ThenBy(p => p.Origin.Column)
            .Select(p => p.Problem)];

    /// <summary>Whether nothing is wrong so far.</summary>
    public bool IsGood => _problems.Count == 0;

    /// <summary>Notes a problem: where it was written, the path inside the scenario, what is wrong and what would be right.</summary>
    public void Add(Origin origin, string path, string message, string? fix = null) =>
        _problems.Add((origin, new Problem(path.Length == 0 ? origin.ToString() : $"{origin}: {path}", message, fix)));

    /// <summary>Takes over what another reading of the same text found, but what is known already: the same at the same place.</summary>
    public void Take(BindContext other)
    {
        foreach (var (origin, problem) in other._problems)
        {
            if (!_problems.Exists(p => p.Origin == origin && p.Problem.Message == problem.Message))
            {
                _problems.Add((origin, problem));
            }
        }
    }

    /// <summary>Ends with every problem, if there is one.</summary>
    /// <exception cref="InputException">There is at least one problem.</exception>
    public void ThrowIfAny()
    {
        if (!IsGood)
        {
            throw new InputException(Problems);
        }
    }
}
