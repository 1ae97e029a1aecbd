using Foretoken.Quantities;

namespace Foretoken.Deploy.Targets;

/// <summary>Takes what artefacts cannot say (it becomes their comments, and warnings of the command), and what is wrong.</summary>
public sealed class TargetNotes
{
    private readonly List<string> _notes = [];
    private readonly List<Problem> _problems = [];

    /// <summary>The notes, in the order in which they came, none twice.</summary>
    public IReadOnlyList<string> Notes => _notes;

    /// <summary>What keeps the artefacts from being written.</summary>
    public IReadOnlyList<Problem> Problems => _problems;

    /// <summary>Takes a note.</summary>
    public void Note(string text)
    {
        if (!_notes.Contains(text))
        {
            _notes.Add(text);
        }
    }

    /// <summary>Takes notes.</summary>
    public void Note(IEnumerable<string> texts)
    {
        foreach (var text in texts)
        {
            Note(text);
        }
    }

    /// <summary>Takes a problem.</summary>
    public void Wrong(Problem problem)
    {
        if (!_problems.Contains(problem))
        {
            _problems.Add(problem);
        }
    }
}
