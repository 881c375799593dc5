"""Small OneRoster packages that hold every file of their version and break no rule; written out by hand."""

import zipfile
from collections.abc import Mapping
from pathlib import Path

Package = dict[str, str | bytes]
"""File names and contents."""

_BOTH = {
    "academicSessions.csv": """\
sourcedId,status,dateLastModified,title,type,startDate,endDate,parentSourcedId,schoolYear
year-26,,,2025 to 2026,schoolYear,2025-09-01,2026-08-31,,2026
autumn-26,,,Autumn,term,2025-09-01,2025-12-31,year-26,2026
first-half,,,First half of autumn,gradingPeriod,2025-09-01,2025-11-01,autumn-26,2026
spare-time,,,Not used,semester,2026-01-01,2026-07-31,,2026
""",
    "orgs.csv": """\
sourcedId,status,dateLastModified,name,type,identifier,parentSourcedId
trust-1,,,Riverside Trust,district,,
school-1,,,Riverside School,school,100001,trust-1
spare-org,,,Music department,department,,school-1
""",
    "courses.csv": """\
sourcedId,status,dateLastModified,schoolYearSourcedId,title,courseCode,grades,orgSourcedId,subjects,subjectCodes
physics,,,year-26,Physics,PH1,"09,10",school-1,"physics,science","03151,03001"
drama,,,,Drama,,,trust-1,drama,
""",
    "classes.csv": """\
sourcedId,status,dateLastModified,title,grades,courseSourcedId,classCode,classType,location,\
schoolSourcedId,termSourcedIds,subjects,subjectCodes,periods
9a-physics,,,9A physics,09,physics,9A,scheduled,"Lab 2, upstairs",school-1,"autumn-26,year-26",physics,03151,"1,3"
9a-tutor,,,9A tutor group,,drama,,homeroom,,school-1,autumn-26,,,
""",
    "enrollments.csv": """\
sourcedId,status,dateLastModified,classSourcedId,schoolSourcedId,userSourcedId,role,primary,beginDate,endDate
enr-1,,,9a-physics,school-1,teacher-1,teacher,true,2025-09-01,2026-07-20
enr-2,,,9a-physics,school-1,teacher-2,teacher,false,,
enr-3,,,9a-physics,school-1,student-1,student,false,2025-09-01,2026-07-20
enr-4,,,9a-tutor,school-1,student-1,student,,,
enr-5,,,9a-tutor,school-1,student-2,student,,2025-09-01,
enr-6,,,9a-tutor,school-1,teacher-2,teacher,true,,
enr-7,,,9a-physics,school-1,student-2,student,false,,
enr-8,,,9a-physics,school-1,spare-user,student,false,,
""",
    "demographics.csv": """\
sourcedId,status,dateLastModified,birthDate,sex,americanIndianOrAlaskaNative,asian,blackOrAfricanAmerican,\
nativeHawaiianOrOtherPacificIslander,white,demographicRaceTwoOrMoreRaces,hispanicOrLatinoEthnicity,\
countryOfBirthCode,stateOfBirthAbbreviation,cityOfBirth,publicSchoolResidenceStatus
student-1,,,2011-10-05,female,false,true,false,false,false,false,false,GB,,Leeds,
student-2,,,2012-02-29,male,,,,,,,,,,,
""",
    "resources.csv": """\
sourcedId,status,dateLastModified,vendorResourceId,title,roles,importance,vendorId,applicationId
book-1,,,978-1,Forces and motion,"student,teacher",primary,vendor-1,app-1
book-2,,,978-2,,,,,
""",
    "classResources.csv": """\
sourcedId,status,dateLastModified,title,classSourcedId,resourceSourcedId
cr-1,,,Forces,9a-physics,book-1
""",
    "courseResources.csv": """\
sourcedId,status,dateLastModified,title,courseSourcedId,resourceSourcedId
co-1,active,2026-01-10T09:30:00.000Z,"The ""blue"" book",physics,book-1
co-2,tobedeleted,2026-01-10T09:30:00Z,,gone-course,gone-book
""",
}
_ONLY_1_1 = {
    "users.csv": """\
sourcedId,status,dateLastModified,enabledUser,orgSourcedIds,role,username,userIds,givenName,familyName,middleName,\
identifier,email,sms,phone,agentSourcedIds,grades,password
teacher-1,,,true,"school-1,trust-1",teacher,t.one,"{LDAP:t1},{LTI:77}",Tess,One,,,t.one@school.example,,,,,
teacher-2,,,true,school-1,teacher,t.two,,Tom,Two,,,,,,,,
student-1,,,true,school-1,student,s.one,{LDAP:s1},Sam,One,Lee,U1,,,,"parent-1,parent-2",09,
student-2,,,true,school-1,student,s.two,,Sue,Two,,,,,,,,
parent-1,,,true,school-1,parent,p.one,,Pat,One,,,,,,student-1,,
parent-2,,,false,school-1,guardian,p.two,,Pip,Two,,,,,,student-1,,
spare-user,,,true,school-1,student,s.three,,Sid,Three,,,,,,,10,
""",
    "categories.csv": "sourcedId,status,dateLastModified,title\nhomework,,,Homework\n",
    "lineItems.csv": """\
sourcedId,status,dateLastModified,title,description,assignDate,dueDate,classSourcedId,categorySourcedId,\
gradingPeriodSourcedId,resultValueMin,resultValueMax
essay,,,Essay,On levers,2025-09-10,2025-09-17,9a-physics,homework,first-half,0,20.5
quiz,,,Quiz,,2025-09-20,2025-09-20,9a-physics,homework,first-half,0.0,10.0
""",
    "results.csv": """\
sourcedId,status,dateLastModified,lineItemSourcedId,studentSourcedId,scoreStatus,score,scoreDate,comment
res-1,,,essay,student-1,fully graded,18.5,2025-09-18,"Well argued, Sam"
res-2,,,quiz,student-1,exempt,0,2025-09-21,
""",
}
_ONLY_1_2 = {
    "users.csv": """\
sourcedId,status,dateLastModified,enabledUser,username,userIds,givenName,familyName,middleName,identifier,email,sms,\
phone,agentSourcedIds,grades,password,userMasterIdentifier,preferredGivenName,preferredMiddleName,\
preferredFamilyName,primaryOrgSourcedId,pronouns
teacher-1,,,true,t.one,"{LDAP:t1},{LTI:77}",Tess,One,,,t.one@school.example,,,,,,,,,,school-1,she/her
teacher-2,,,true,t.two,,Tom,Two,,,,,,,,,,,,,,
student-1,,,true,s.one,{LDAP:s1},Sam,One,Lee,U1,,,,"parent-1,parent-2",09,,M1,Sammy,,,school-1,
student-2,,,true,s.two,,Sue,Two,,,,,,,,,,,,,,
parent-1,,,true,p.one,,Pat,One,,,,,,student-1,,,,,,,,
parent-2,,,false,p.two,,Pip,Two,,,,,,student-1,,,,,,,,
spare-user,,,true,s.three,,Sid,Three,,,,,,,10,,,,,,,
""",
    "roles.csv": """\
sourcedId,status,dateLastModified,userSourcedId,roleType,role,beginDate,endDate,orgSourcedId,userProfileSourcedId
role-1,,,teacher-1,primary,teacher,2025-09-01,,school-1,profile-1
role-2,,,teacher-1,secondary,ext:librarian,,,school-1,
role-3,,,teacher-1,primary,counselor,,,trust-1,
role-4,,,student-1,primary,student,2025-09-01,2026-07-20,school-1,profile-2
""",
    "userProfiles.csv": """\
sourcedId,status,dateLastModified,userSourcedId,profileType,vendorId,applicationId,description,credentialType,\
username,password
profile-1,,,teacher-1,vle,vendor-1,app-1,The VLE,password,tess,
profile-2,,,student-1,vle,vendor-1,,,password,sam,
""",
    "userResources.csv": """\
sourcedId,status,dateLastModified,userSourcedId,orgSourcedId,classSourcedId,resourceSourcedId
ur-1,,,student-1,school-1,9a-physics,book-1
ur-2,,,student-2,,,book-2
""",
    "categories.csv": "sourcedId,status,dateLastModified,title,weight\nhomework,,,Homework,40\n",
    "lineItems.csv": """\
sourcedId,status,dateLastModified,title,description,assignDate,dueDate,classSourcedId,categorySourcedId,\
academicSessionSourcedId,resultValueMin,resultValueMax,schoolSourcedId
essay,,,Essay,On levers,2025-09-10,2025-09-17,9a-physics,homework,first-half,0,20.5,school-1
quiz,,,Quiz,,2025-09-20,2025-09-20,9a-physics,homework,first-half,,,school-1
""",
    "results.csv": """\
sourcedId,status,dateLastModified,lineItemSourcedId,studentSourcedId,scoreStatus,score,scoreDate,comment,textScore,\
classSourcedId,inProgress,incomplete,late,missing
res-1,,,essay,student-1,fully graded,18.5,2025-09-18,"Well argued, Sam",A,9a-physics,false,false,true,false
res-2,,,quiz,student-1,ext:moderated,,2025-09-21,,,,,,,
""",
    "scoreScales.csv": """\
sourcedId,status,dateLastModified,title,type,orgSourcedId,courseSourcedId,classSourcedId,scoreScaleValue
scale-1,,,Letters,letters,school-1,physics,9a-physics,"{A:90-100},{B:80-89}"
""",
    "lineItemLearningObjectiveIds.csv": """\
sourcedId,status,dateLastModified,lineItemSourcedId,source,learningObjectiveId
lo-1,,,essay,case,c7f1a8d4-0c5e-4bb1-9d1c-2f6f3a3c9a10
""",
    "lineItemScoreScales.csv": """\
sourcedId,status,dateLastModified,title,lineItemSourcedId,scoreScaleSourcedId
ls-1,,,,essay,scale-1
""",
    "resultLearningObjectiveIds.csv": """\
sourcedId,status,dateLastModified,resultSourcedId,source,learningObjectiveId,score,textScore
ro-1,,,res-1,ext:local,levers,9,B
""",
    "resultScoreScales.csv": """\
sourcedId,status,dateLastModified,title,resultSourcedId,scoreScaleSourcedId
rs-1,,,,res-1,scale-1
""",
}
_DELTA = "courseResources.csv"


def clean_package(version: str) -> Package:
    """Every file of a version, all bulk but one, with a manifest that says so."""
    files = _BOTH | (_ONLY_1_1 if version == "1.1" else _ONLY_1_2)
    manifest = ["propertyName,value", "manifest.version,1.0", f"oneroster.version,{version}"]
    manifest += ["source.systemName,Riverside MIS", "source.systemCode,R1"]
    manifest += [f"file.{name.removesuffix('.csv')},{'delta' if name == _DELTA else 'bulk'}" for name in files]
    return {"manifest.csv": "\n".join(manifest) + "\n", **files}


def pack(files: Mapping[str, str | bytes], path: Path, *, line_end: str = "\n") -> Path:
    """Write a package; texts get the line ends asked for, bytes go in as they are."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content.replace("\n", line_end) if isinstance(content, str) else content)
    return path
